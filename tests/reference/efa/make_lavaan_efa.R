# Reference values for exploratory factor analysis of ordered and of incomplete data, by lavaan 0.6-14.
# Run: Rscript make_lavaan_efa.R OUT_DIR     (needs psych for its bfi data, lavaan, jsonlite)
suppressMessages({library(lavaan); library(jsonlite)})
out <- commandArgs(TRUE)[1]
bfi <- psych::bfi[, 1:25]
solution <- function(fit, standardized = TRUE) {
  s <- lavInspect(fit, "std"); se <- standardizedSolution(fit)
  list(lambda = unclass(s$lambda), psi = unclass(s$psi), theta = as.numeric(diag(s$theta)),
       lambda_se = matrix(se$se[se$op == "=~"], nrow = nrow(s$lambda), byrow = FALSE),
       order = paste(se$lhs[se$op == "=~"], se$rhs[se$op == "=~"]), fit = as.list(fitMeasures(fit)))
}
save <- function(name, x) write_json(x, file.path(out, paste0(name, ".json")), digits = NA, auto_unbox = TRUE, na = "null")

# Ordered: 15 items, complete cases, WLSMV (diagonally weighted least squares, scaled and shifted test).
ordered <- na.omit(bfi[, c(1:5, 11:20)])
fit <- efa(ordered, nfactors = 3, ordered = TRUE, estimator = "WLSMV", rotation = "geomin")[[1]]
save("lavaan_ordered15_k3_wlsmv_geomin", solution(fit))

# Incomplete: full information maximum likelihood, all 25 items with their gaps.
fit <- efa(bfi, nfactors = 5, missing = "fiml", estimator = "ML", rotation = "geomin")[[1]]
save("lavaan_bfi25na_k5_fiml_geomin", solution(fit))

# Incomplete by chance: 15 % of the cells of nine tests are deleted; the positions (column-major, from 0) are stored.
set.seed(3)
hs <- as.matrix(HolzingerSwineford1939[, paste0("x", 1:9)])
gaps <- which(runif(length(hs)) < .15)
hs[gaps] <- NA
fit <- efa(as.data.frame(hs), nfactors = 3, missing = "fiml", estimator = "ML", rotation = "geomin")[[1]]
moments <- lavInspect(fit, "sampstat")
save("lavaan_hs9gaps_k3_fiml_geomin",
     c(solution(fit), list(gaps = gaps - 1, em_cov = unclass(moments$cov), em_mean = as.numeric(moments$mean))))

# Robust: maximum likelihood with sandwich standard errors (MLR, test statistic Yuan-Bentler).
fit <- efa(HolzingerSwineford1939[, paste0("x", 1:9)], nfactors = 3, estimator = "MLR", rotation = "geomin")[[1]]
save("lavaan_hs9_k3_mlr_geomin", solution(fit))
