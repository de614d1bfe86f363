# Kenward-Roger tests of lme4/pbkrtest and multilevel meta-regression of metafor, on the data of nested.csv.
# Writes nested.json. R 4.2, lme4 1.1-31, pbkrtest 0.5.2, metafor 3.8-1.
library(lme4); library(pbkrtest); library(metafor)
d <- read.csv("nested.csv")
full <- lmer(y ~ size + tuned + region + (1 | family), d, REML = TRUE)
kr <- function(name) {
  less <- lmer(as.formula(paste("y ~", paste(setdiff(c("size", "tuned", "region"), name), collapse = " + "), "+ (1 | family)")), d)
  k <- KRmodcomp(full, less)$test["Ftest", ]
  list(F = k$stat, df = k$ddf, p = k$p.value)
}
vc <- as.data.frame(VarCorr(full))
se <- sqrt(diag(as.matrix(vcovAdj(full))))
S <- diag(d$v)
meta <- rma.mv(y, S, mods = ~ size + tuned + region, random = ~ 1 | family / model, data = d, method = "REML",
               control = list(rel.tol = 1e-10, iter.max = 2000, eval.max = 4000))
num <- function(x) sprintf("%.12g", x)
out <- c(
  sprintf('"estimate": [%s]', paste(num(fixef(full)), collapse = ", ")),
  sprintf('"se": [%s]', paste(num(se), collapse = ", ")),
  sprintf('"cluster": %s, "unit": %s', num(vc$vcov[1]), num(vc$vcov[2])),
  sapply(c("size", "tuned", "region"), function(n) { k <- kr(n); sprintf('"%s": {"F": %s, "df": %s, "p": %s}', n, num(k$F), num(k$df), num(k$p)) }),
  sprintf('"meta_estimate": [%s]', paste(num(coef(meta)), collapse = ", ")),
  sprintf('"meta_se": [%s]', paste(num(meta$se), collapse = ", ")),
  sprintf('"meta_sigma2": [%s]', paste(num(meta$sigma2), collapse = ", "))
)
writeLines(paste0("{\n", paste(out, collapse = ",\n"), "\n}"), "nested.json")
