# Cluster-robust covariance (CR2) of clubSandwich for a mixed model with missing cells: nested random effects, clusters are items.
# Run: Rscript cr2.R. Writes cr2.csv (the scores) and cr2.json. R 4.2, lme4 1.1-31, clubSandwich 0.5.8, jsonlite.
library(nlme); library(clubSandwich)
set.seed(7)
d <- expand.grid(person = paste0("p", 1:5), item = sprintf("i%02d", 1:16), sample = 1:2)
d$score <- c(0, .2, .4, .6, .8)[as.integer(d$person)] + rnorm(16)[as.integer(d$item)] +
  rnorm(80, 0, .6)[as.integer(interaction(d$person, d$item))] + rnorm(nrow(d), 0, .5)
keep <- runif(80) > rep(c(0, .2, .4, .6, .7), 16)
d <- d[keep[as.integer(interaction(d$person, d$item))], ]
d <- d[order(d$item, d$person, d$sample), ]
write.csv(d, "cr2.csv", row.names = FALSE, quote = FALSE)
f <- lme(score ~ 0 + person, random = ~ 1 | item / person, data = d, method = "REML", control = lmeControl(opt = "optim", reltol = 1e-14))
V <- vcovCR(f, cluster = d$item, type = "CR2")
out <- list(estimate = as.list(fixef(f)), covariance = unname(as.matrix(V)), variances = as.numeric(VarCorr(f)[c(2, 4, 5), 1]))
writeLines(jsonlite::toJSON(out, auto_unbox = TRUE, digits = 10, pretty = TRUE), "cr2.json")
