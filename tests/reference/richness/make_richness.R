# Reference numbers of vegan for valuelex.psychometrics.richness.   Rscript make_richness.R   writes richness.json
suppressMessages({library(vegan); library(jsonlite)})
set.seed(12)
# 30 units x 60 types, abundances log-normal over types, individuals clumped over units.
simulate <- function(units, types) {
  mean <- rlnorm(types, -1.5, 1.5)
  matrix(rnbinom(units * types, mu = rep(mean, each = units), size = .5), units, types)
}
rich <- simulate(30, 60); even <- simulate(12, 200)
one <- function(table) {
  table <- as.matrix(table)
  counts <- colSums(table); counts <- counts[counts > 0]
  individuals <- estimateR(counts); pool <- specpool(table)
  n <- sum(counts); m <- round(n * c(.01, .1, .5, .9, 1))
  curve <- specaccum(table, method = "exact")
  list(table = unname(apply(table, 2, as.integer)), counts = as.integer(counts),
       estimateR = as.list(individuals), specpool = as.list(pool),
       rarefy = list(size = m, expected = as.numeric(rarefy(counts, m))),
       specaccum = list(sites = curve$sites, richness = curve$richness))
}
sparse <- rich; sparse[sparse > 0] <- 1                       # incidences only
few <- rich[1:6, ]; few[, colSums(few > 0) == 2] <- 0; few[, colSums(few) == 2] <- 0         # no type in exactly two units
out <- list(versions = list(R = R.version.string, vegan = as.character(packageVersion("vegan"))),
            rich = one(rich), incidence = one(sparse), few = one(few), even = one(even))
write(toJSON(out, digits = 12, auto_unbox = TRUE), "richness.json")
