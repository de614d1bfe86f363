# A peer that waits: reads one task per line ("task<TAB>file<TAB>k<TAB>n"), runs it once, prints its seconds.
# "ready<TAB>versions" comes first. One thread: set OPENBLAS_NUM_THREADS=1 before starting.
engine <- commandArgs(TRUE)[1]
ok <- suppressWarnings(suppressMessages(require(engine, character.only = TRUE)))
if (!ok) { cat("absent\n"); quit(status = 0) }
if (engine == "psych") ok <- suppressWarnings(suppressMessages(require(GPArotation)))
if (!ok) { cat("absent\n"); quit(status = 0) }
cat("ready\t", engine, " ", as.character(packageVersion(engine)), ", R ", as.character(getRversion()), "\n", sep = "")
quiet <- function(x) suppressWarnings(suppressMessages(x))
tasks <- list(
  psych = list(
    uls = function(x, k, n) fa(x, k, fm = "minres", rotate = "oblimin"),
    ml = function(x, k, n) fa(x, k, fm = "ml", rotate = "oblimin"),
    parallel = function(x, k, n) fa.parallel(x, fa = "pc", n.iter = n, plot = FALSE),
    polychoric = function(x, k, n) polychoric(x, correct = 0),
    bootstrap = function(x, k, n) fa(x, k, n.iter = n, fm = "minres", rotate = "oblimin"),
    omega = function(x, k, n) omega(x, k, plot = FALSE, fm = "minres")),
  lavaan = list(
    ml = function(x, k, n) efa(as.data.frame(x), nfactors = k, rotation = "oblimin"),
    polychoric = function(x, k, n) lavCor(as.data.frame(x), ordered = colnames(x))),
  EFAtools = list(
    uls = function(x, k, n) EFA(x, k, method = "ULS", rotation = "oblimin", type = "EFAtools"),
    ml = function(x, k, n) EFA(x, k, method = "ML", rotation = "oblimin", type = "EFAtools"),
    parallel = function(x, k, n) PARALLEL(x, n_datasets = n, eigen_type = "PCA")))[[engine]]
held <- new.env()
input <- file("stdin", "r")
repeat {
  line <- readLines(input, 1)
  if (!length(line)) break
  part <- strsplit(line, "\t")[[1]]
  if (is.null(held[[part[2]]])) held[[part[2]]] <- as.matrix(read.csv(part[2]))
  run <- tasks[[part[1]]]
  if (is.null(run)) { cat("none\n"); next }
  x <- held[[part[2]]]
  seconds <- tryCatch({
    sink(nullfile()); pdf(NULL)
    started <- proc.time()[["elapsed"]]
    quiet(run(x, as.integer(part[3]), as.integer(part[4])))
    found <- proc.time()[["elapsed"]] - started
    dev.off(); sink()
    found
  }, error = function(e) { while (sink.number()) sink(); NA })
  cat(if (is.na(seconds)) "failed" else format(seconds, digits = 6), "\n", sep = "")
}
