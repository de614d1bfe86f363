# Factors have no order and no sign of their own: each of ours is met by the column most like it.
like <- function(L, ours) {
  L <- matrix(as.numeric(L), nrow(L))
  C <- crossprod(L, ours) / sqrt(outer(colSums(L^2), colSums(ours^2)))
  order <- integer(ncol(ours)); signs <- numeric(ncol(ours))
  S <- abs(C)
  for (i in seq_len(ncol(ours))) {
    at <- arrayInd(which.max(S), dim(S))
    order[at[2]] <- at[1]; signs[at[2]] <- sign(C[at[1], at[2]])
    S[at[1], ] <- -1; S[, at[2]] <- -1
  }
  list(order = order, signs = signs)
}

report <- function(program, L, Phi) {
  m <- like(L, ours)
  L <- sweep(matrix(as.numeric(L), nrow(L))[, m$order, drop = FALSE], 2, m$signs, "*")
  Phi <- outer(m$signs, m$signs) * Phi[m$order, m$order, drop = FALSE]
  dimnames(L) <- dimnames(ours)
  main <- max.col(abs(ours), ties.method = "first")
  cat("\n", program, ": loadings, sorted\n", sep = "")
  print(round(L[order(main, -abs(ours[cbind(seq_along(main), main)])), , drop = FALSE], 3))
  cat("factor correlations\n")
  print(round(Phi, 3))
  cat("largest difference to loadings.csv: ", program, " ", format(max(abs(L - ours)), digits = 3), "\n", sep = "")
}
