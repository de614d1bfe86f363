# Reference values for confirmatory factor analysis, by lavaan. Run: Rscript make_cfa.R (writes JSON beside itself).
# Open data only: lavaan's HolzingerSwineford1939 (nine tests of the sem package's HS.data, divided by the number of items;
# three cells differ) and psych's bfi.
suppressMessages({library(lavaan); library(psych); library(jsonlite)})
options(digits = 15)
HS <- HolzingerSwineford1939
data(bfi)
hs9 <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"

parameters <- function(fit) {
  pe <- parameterEstimates(fit, standardized = FALSE)
  st <- standardizedSolution(fit)
  keep <- intersect(c("lhs", "op", "rhs", "group", "est", "se"), names(pe))
  out <- pe[, keep]
  if (is.null(out$group)) out$group <- 1L
  key <- function(d) paste(d$lhs, d$op, d$rhs, if (is.null(d$group)) 1 else d$group)
  hit <- match(key(pe), key(st))
  out$std <- st$est.std[hit]
  out$std_se <- st$se[hit]
  out
}
keep_fit <- function(fit) {
  m <- fitMeasures(fit)
  wanted <- "^(npar|chisq|df|pvalue|baseline|cfi|tli|rmsea|srmr$|logl|unrestricted|aic|bic)"
  as.list(m[is.finite(m) & grepl(wanted, names(m))])
}
store <- function(name, fit, ...) {
  write(toJSON(list(par = parameters(fit), fit = keep_fit(fit), ...), digits = 11, auto_unbox = TRUE, na = "null"),
        paste0(name, ".json"))
}
lr <- function(a, b, ...) {
  d <- lavTestLRT(a, b, ...)
  list(chisq_diff = d[["Chisq diff"]][2], df_diff = d[["Df diff"]][2], p = d[["Pr(>Chisq)"]][2])
}

# single group
f <- cfa(hs9, HS); mi <- modindices(f)
store("hs9_marker", f, modindices = mi[mi$op != "", c("lhs", "op", "rhs", "mi", "epc")])
store("hs9_labels", cfa("visual =~ x1 + a*x2 + a*x3\ntextual =~ NA*x4 + x5 + x6\ntextual ~~ 1*textual
  speed =~ x7 + 0.9*x8 + x9\nx7 ~~ x8\nvisual ~~ 0*speed", HS))
store("hs9_orthogonal", cfa(hs9, HS, orthogonal = TRUE, meanstructure = TRUE))
store("hs9_second_order", cfa(paste0(hs9, "\ng =~ visual + textual + speed"), HS))
store("hs9_second_order_mlr", cfa(paste0(hs9, "\ng =~ visual + textual + speed"), HS, estimator = "MLR", std.lv = TRUE))

# ladder by school
levels_hs <- list(configural = "none", metric = "loadings", scalar = c("loadings", "intercepts"),
                  strict = c("loadings", "intercepts", "residuals"))
for (estimator in c("ML", "MLR")) {
  fits <- lapply(levels_hs, function(e) cfa(hs9, HS, group = "school", group.equal = e, estimator = estimator))
  for (level in names(fits)) {
    extra <- list()
    if (level != "configural") {
      before <- names(fits)[match(level, names(fits)) - 1]
      extra$difference <- if (estimator == "ML") lr(fits[[before]], fits[[level]]) else
        lr(fits[[before]], fits[[level]], method = "satorra.bentler.2001")
    }
    if (level == "scalar" && estimator == "ML") {
      s <- lavTestScore(fits[[level]])$uni
      p <- parTable(fits[[level]])
      name <- function(x) sapply(x, function(v) { i <- match(v, p$plabel); paste(p$lhs[i], p$op[i], p$rhs[i]) })
      extra$score <- data.frame(parameter = name(s$lhs), x2 = s$X2, p = s$p.value)
    }
    do.call(store, c(list(paste0("school_", tolower(estimator), "_", level), fits[[level]]), extra))
  }
}
store("school_partial", cfa(hs9, HS, group = "school", group.equal = c("loadings", "intercepts"),
                            group.partial = c("x3~1", "x7~1", "visual=~x2")))
store("school_std_lv", cfa(hs9, HS, group = "school", group.equal = c("loadings", "intercepts"), std.lv = TRUE))
store("school_vectors", cfa("visual =~ x1 + c(a, a)*x2 + c(b, d)*x3\ntextual =~ x4 + c(0.9, NA)*x5 + x6
  speed =~ x7 + x8 + x9", HS, group = "school"))

# missing cells
ac <- bfi[, c(paste0("A", 1:5), paste0("C", 1:5))]
two <- "A =~ A1 + A2 + A3 + A4 + A5\nC =~ C1 + C2 + C3 + C4 + C5"
store("bfi_fiml_ml", cfa(two, ac, missing = "fiml"))
store("bfi_fiml_mlr", cfa(two, ac, missing = "fiml", estimator = "MLR"))
acg <- cbind(ac, gender = bfi$gender)
store("bfi_fiml_mlr_metric", cfa(two, acg, missing = "fiml", estimator = "MLR", group = "gender", group.equal = "loadings"))

# ordered items: three categories, and the six of the questionnaire
three <- as.data.frame(lapply(ac, function(x) ceiling(x / 2))); three$gender <- bfi$gender
three <- three[complete.cases(three), ]
six <- acg[complete.cases(acg), ]
items <- names(ac)
store("bfi3_wlsmv", cfa(two, three[, items], ordered = items, estimator = "WLSMV"))
store("bfi6_wlsmv", cfa(two, six[, items], ordered = items, estimator = "WLSMV", std.lv = TRUE))
store("bfi3_wlsmv_theta", cfa(two, three[, items], ordered = items, estimator = "WLSMV", parameterization = "theta"))
store("bfi6_wlsmv_configural", cfa(two, six, ordered = items, estimator = "WLSMV", group = "gender"))
store("bfi6_wlsmv_scalar", cfa(two, six, ordered = items, estimator = "WLSMV", group = "gender", group.equal = c("thresholds", "loadings")))

# Wu & Estabrook (2016), theta: written out as syntax, one file per level
theta <- function(level, data) {
  free <- !(level %in% "configural")
  lines <- c()
  for (fac in c("A", "C")) for (j in 1:5) {
    x <- paste0(fac, j)
    v <- if (level %in% c("configural", "thresholds")) paste0("c(l", x, "1, l", x, "2)") else paste0("c(l", x, ", l", x, ")")
    lines <- c(lines, paste0(fac, " =~ c(NA, NA)*", x, " + ", v, "*", x))
    for (k in 1:(length(unique(data[[x]])) - 1))
      lines <- c(lines, paste0(x, " | ", if (level == "configural") paste0("c(t", x, k, "g1, t", x, k, "g2)") else
        paste0("c(t", x, k, ", t", x, k, ")"), "*t", k))
    lines <- c(lines, paste0(x, " ~~ ", if (level %in% c("configural", "strict")) "c(1, 1)" else "c(1, NA)", "*", x),
               paste0(x, " ~ ", if (level %in% c("thresholds", "metric")) "c(0, NA)" else "c(0, 0)", "*1"))
  }
  for (fac in c("A", "C")) lines <- c(lines,
    paste0(fac, " ~~ ", if (level %in% c("configural", "thresholds")) "c(1, 1)" else "c(1, NA)", "*", fac),
    paste0(fac, " ~ ", if (level %in% c("scalar", "strict")) "c(0, NA)" else "c(0, 0)", "*1"))
  cfa(paste(lines, collapse = "\n"), data, ordered = items, estimator = "WLSMV", group = "gender",
      parameterization = "theta")
}
rungs <- c("configural", "thresholds", "metric", "scalar", "strict")
fits <- lapply(rungs, theta, data = six); names(fits) <- rungs
out <- lapply(rungs, function(r) c(keep_fit(fits[[r]])[c("npar", "chisq", "df", "chisq.scaled", "pvalue.scaled",
  "cfi.scaled", "rmsea.scaled", "tli.scaled", "srmr")],
  if (r == "configural") NULL else list(difference = lr(fits[[rungs[match(r, rungs) - 1]]], fits[[r]]))))
names(out) <- rungs
write(toJSON(out, digits = 11, auto_unbox = TRUE, na = "null"), "bfi6_ladder_wlsmv.json")
