# Rotation from several starts by gradient projection (GPArotation), with row weights stated rather than implied.
random_orthogonal <- function(k) qr.Q(qr(matrix(rnorm(k * k), k)))

rotate_best <- function(A, method, arguments, oblique, kaiser, starts, eps = 1e-6) {
  w <- if (kaiser) sqrt(rowSums(A^2)) else rep(1, nrow(A))
  turn <- if (oblique) GPArotation::GPFoblq else GPArotation::GPForth
  best <- NULL
  set.seed(1)
  for (i in seq_len(starts)) {
    T0 <- if (i == 1) diag(ncol(A)) else random_orthogonal(ncol(A))
    found <- try(suppressWarnings(turn(A / w, Tmat = T0, normalize = FALSE, eps = eps, maxit = 2000,
                                       method = method, methodArgs = arguments)), silent = TRUE)
    if (inherits(found, "try-error")) next
    value <- found$Table[nrow(found$Table), 2]
    if (is.null(best) || value < best$value) best <- list(value = value, T = found$Th)
  }
  if (is.null(best)) stop("no start of the rotation ended")
  turned(A, best$T, oblique)
}

turned <- function(A, T, oblique) {
  list(L = if (oblique) A %*% t(solve(T)) else A %*% T, Phi = if (oblique) crossprod(T) else diag(ncol(A)))
}

# Hendrickson & White (1964): regress orthogonal loadings on their own signed power.
promax_step <- function(V, power, unit_rows) {
  B <- if (unit_rows) V / sqrt(rowSums(V^2)) else V
  U <- qr.solve(V, B * abs(B)^(power - 1))
  U %*% diag(sqrt(diag(solve(crossprod(U)))), ncol(V))
}

# kaiser: "both" weights the rows for the varimax and the promax step, "varimax" for the former only.
rotate_promax <- function(A, power, kaiser, unit_rows) {
  w <- sqrt(rowSums(A^2))
  first <- if (kaiser == "none") A else A / w
  T <- varimax(first, normalize = FALSE, eps = 1e-14)$rotmat
  U <- T %*% promax_step((if (kaiser == "both") A / w else A) %*% T, power, unit_rows)
  list(L = A %*% U, Phi = solve(crossprod(U)))
}
