# Kenward-Roger test of lme4/pbkrtest where the effect of a covariate differs between families. Run: Rscript slopes.R
# Writes slopes.csv and slopes.json. R 4.2, lme4 1.1-31, pbkrtest 0.5.2.
library(lme4); library(pbkrtest)
set.seed(11)
n <- c(6, 5, 4, 7, 3, 6, 5, 4)
d <- data.frame(family = rep(sprintf("f%d", 1:8), n))
d$tuned <- rbinom(nrow(d), 1, 0.5) - 0.5
d$size <- round(rnorm(nrow(d)), 3)
d$y <- round(rnorm(8, 0, .6)[as.integer(factor(d$family))] + (0.5 + rnorm(8, 0, .7))[as.integer(factor(d$family))] * d$tuned +
  0.2 * d$size + rnorm(nrow(d), 0, .35), 4)
write.csv(d, "slopes.csv", row.names = FALSE, quote = FALSE)
full <- lmer(y ~ tuned + size + (1 | family) + (0 + tuned | family), d, REML = TRUE, control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9)))
one <- function(name) {
  less <- update(full, as.formula(paste(". ~ . -", name)))
  k <- KRmodcomp(full, less)$test["Ftest", ]
  list(F = k$stat, df = k$ddf, p = k$p.value)
}
vc <- as.data.frame(VarCorr(full))
se <- sqrt(diag(as.matrix(vcovAdj(full))))
out <- list(estimate = unname(fixef(full)), se = unname(se), variances = vc$vcov, tuned = one("tuned"), size = one("size"))
writeLines(jsonlite::toJSON(out, auto_unbox = TRUE, digits = 12, pretty = TRUE), "slopes.json")
