# Heywood cases by stats::factanal, tight, lower bound 1e-4. Run: Rscript make_heywood.R in this folder (needs jsonlite).
suppressMessages(library(jsonlite))
for (case in list(list("hs9", 4, 301), list("harman74", 7, 145), list("harman74", 8, 145))) {
  R <- as.matrix(read.csv(paste0("cor_", case[[1]], ".csv"), row.names = 1))
  best <- NULL
  set.seed(1)
  for (i in 1:40) {
    start <- if (i == 1) NULL else runif(ncol(R), .05, .95)
    fit <- tryCatch(factanal(covmat = R, factors = case[[2]], n.obs = case[[3]], rotation = "none", start = start,
      control = list(lower = 1e-4, opt = list(factr = 10, pgtol = 1e-12, maxit = 10000))), error = function(e) NULL)
    if (!is.null(fit) && (is.null(best) || fit$criteria[["objective"]] < best$criteria[["objective"]])) best <- fit
  }
  write_json(list(uniquenesses = as.numeric(best$uniquenesses), objective = best$criteria[["objective"]],
    loadings_unrotated = unclass(best$loadings)[, ], variables = rownames(R)),
    sprintf("heywood_%s_k%d.json", case[[1]], case[[2]]), digits = NA, auto_unbox = TRUE)
}
