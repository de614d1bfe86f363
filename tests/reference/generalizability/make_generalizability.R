# Variance components by REML (lme4) of simulated designs, and their data. Run: Rscript make_generalizability.R OUT_DIR
# (needs lme4 and jsonlite). Balanced designs with positive components: REML equals expected mean squares.
suppressMessages({library(lme4); library(jsonlite)})
out <- commandArgs(TRUE)[1]
set.seed(11)
components <- function(fit) { v <- as.data.frame(VarCorr(fit)); setNames(as.list(v$vcov), v$grp) }
effect <- function(n, sd) rnorm(n, 0, sd)
# p x i
d <- expand.grid(person = 1:30, item = 1:8)
d$score <- round(5 + effect(30, 1)[d$person] + effect(8, .7)[d$item] + rnorm(nrow(d), 0, 1), 3)
crossed <- lmer(score ~ 1 + (1 | person) + (1 | item), d, control = lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12)))
# p x i x r
e <- expand.grid(person = 1:25, item = 1:6, rater = 1:4)
pi <- effect(150, .6); pr <- effect(100, .5); ir <- effect(24, .3)
e$score <- round(effect(25, 1)[e$person] + effect(6, .6)[e$item] + effect(4, .5)[e$rater] + pi[(e$person - 1) * 6 + e$item] +
  pr[(e$person - 1) * 4 + e$rater] + ir[(e$item - 1) * 4 + e$rater] + rnorm(nrow(e), 0, .8), 3)
three <- lmer(score ~ 1 + (1 | person) + (1 | item) + (1 | rater) + (1 | person:item) + (1 | person:rater) + (1 | item:rater), e,
  control = lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12)))
# p x (r:t), three raters of their own for each of five tasks
f <- expand.grid(person = 1:40, task = 1:5, rater = 1:3)
pt <- effect(200, .7); rt <- effect(15, .5)
f$score <- round(effect(40, 1)[f$person] + effect(5, .6)[f$task] + pt[(f$person - 1) * 5 + f$task] + rt[(f$task - 1) * 3 + f$rater] +
  rnorm(nrow(f), 0, .9), 3)
nested <- lmer(score ~ 1 + (1 | person) + (1 | task) + (1 | task:rater) + (1 | person:task), f,
  control = lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12)))
write_json(list(crossed = list(data = d, components = components(crossed)), three = list(data = e, components = components(three)),
  nested = list(data = f, components = components(nested))), file.path(out, "components.json"), digits = 10, auto_unbox = TRUE, dataframe = "columns")
