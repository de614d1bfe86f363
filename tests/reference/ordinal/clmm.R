# Simulated ratings in five ordered categories, and what ordinal::clmm makes of them. Run: Rscript clmm.R
# Writes clmm.csv (the ratings) and clmm.json (estimates, standard errors, log-likelihoods). Needs the packages ordinal and jsonlite.
library(ordinal)
set.seed(20261123)
d <- expand.grid(person = sprintf("m%d", 1:6), item = sprintf("s%02d", 1:20), sample = 1:2, rater = sprintf("j%d", 1:3))
true <- c(-0.8, -0.3, 0, 0.2, 0.5, 1.0)
item <- rnorm(20, 0, 1); pair <- rnorm(120, 0, 0.7); rater <- rnorm(3, 0, 0.5)
cell <- as.integer(interaction(d$person, d$item))
eta <- true[as.integer(d$person)] + item[as.integer(d$item)] + pair[cell] + rater[as.integer(d$rater)] + rlogis(nrow(d))
d$score <- cut(eta, c(-Inf, -2, -0.7, 0.6, 2.1, Inf), labels = FALSE) - 1
d <- d[runif(nrow(d)) > 0.15, ]
write.csv(d, "clmm.csv", row.names = FALSE, quote = FALSE)
d$y <- factor(d$score, ordered = TRUE)
d$pair <- interaction(d$person, d$item, drop = TRUE)
fits <- list(
  logit = clmm(y ~ person + rater + (1 | item) + (1 | pair), data = d, link = "logit"),
  probit = clmm(y ~ person + rater + (1 | item) + (1 | pair), data = d, link = "probit"),
  crossed = clmm(y ~ person + (1 | item) + (1 | pair) + (1 | rater), data = d, link = "logit")
)
out <- lapply(fits, function(f) list(
  loglik = as.numeric(logLik(f)), coefficients = as.list(f$beta), thresholds = as.list(f$Theta[1, ]),
  se = as.list(sqrt(diag(vcov(f)))[names(f$beta)]), sd = as.list(sapply(VarCorr(f), function(v) attr(v, "stddev")[[1]]))
))
writeLines(jsonlite::toJSON(out, auto_unbox = TRUE, digits = 8, pretty = TRUE), "clmm.json")
