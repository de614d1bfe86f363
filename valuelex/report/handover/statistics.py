"""Targets of statistics programs: R and SPSS, with scripts that give the same loadings and reliabilities."""

from __future__ import annotations

from pathlib import Path

from valuelex.errors import MissingExtra
from valuelex.psychometrics.handover.scripts import export as export_solution
from valuelex.report.handover import sav
from valuelex.report.handover.source import Source, Written, put
from valuelex.tables import TABLES
from valuelex.tables.inert_csv import to_csv

HEAD = "* Encoding: UTF-8.\n* Open this file from the folder that holds the .sav files (CD 'folder'. before it).\n"
R_TYPES = {"text": "c", "int": "i", "number": "d", "bool": "l"}


def write_r(source: Source, folder: Path) -> tuple[list[Written], list[str]]:
    """CSV files, read.R, and taxonomy/analysis.R (psych and lavaan) that is compared with our loadings."""
    files: list[Written] = []
    notes: list[str] = []
    for name, table in source.tables.items():
        put(folder, f"data/{name}.csv", to_csv(table))
    files.append(Written("data/", f"{len(source.tables)} tables as CSV; see 'valuelex export STUDY --to dictionary'"))
    put(folder, "data/models_wide.csv", to_csv(source.models()))
    put(folder, "read.R", _read_r(source))
    files.append(Written("read.R", "source it: every table as a data frame with its types, choices as factors"))
    made, said = _taxonomy(source, folder)
    files, notes = files + made, notes + said
    scales = source.items()
    for k, table in enumerate(scales.values(), 1):
        put(folder, f"data/items_{k}.csv", to_csv(table))
    if scales:
        put(folder, "reliability.R", _reliability_r(source, list(scales)))
        files.append(Written("reliability.R", "Cronbach's alpha of every scale by psych::alpha, beside ours"))
        notes.append("reliability.R: alpha of cases without a gap; ours, too, where reliability.json says listwise.")
    return files, notes


def _taxonomy(source: Source, folder: Path) -> tuple[list[Written], list[str]]:
    solution = source.solution
    if isinstance(solution, str):
        return [], [f"There is no script of the factor analysis. {solution}"]
    names = {path.name for path in export_solution(solution, folder / "taxonomy")}
    told = {
        "analysis.R": "the factor analysis of the words by psych and lavaan; prints its largest difference to our loadings",
        "analysis.sps": "the same as SPSS syntax",
        "loadings.csv": "our loadings",
        "correlations.csv": "the coefficients that were factored",
        "data.csv": "what was factored: one row a respondent, one column a word",
        "README.txt": "what each program can repeat, and where it cannot",
    }
    kept = [Written(f"taxonomy/{name}", about) for name, about in told.items() if name in names]
    extended = len(source.table("loadings")) - len(solution.loadings)
    notes = []
    if extended > 0:
        notes.append(
            f"{extended} further words have loadings by extension (Dwyer, 1937); they are in the table loadings."
        )
    if solution.source.X is None:
        notes.append("The coefficients are no correlations of the cells: the scripts start from the matrix.")
    return kept, notes


def _read_r(source: Source) -> str:
    lines = [
        "# Reads every table with its types. From another folder: set the working directory to this one first.",
        'inert <- function(x) ifelse(grepl("^\'+[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]", x), substring(x, 2), x)',
        "table_of <- function(name, types, levels) {",
        '  path <- file.path("data", paste0(name, ".csv"))',
        '  found <- read.csv(path, colClasses = "character", na.strings = "", check.names = FALSE, encoding = "UTF-8")',
        "  for (column in names(types)) found[[column]] <- switch(types[[column]],",
        "    i = as.integer(found[[column]]), d = as.numeric(found[[column]]),",
        '    l = tolower(found[[column]]) == "true", inert(found[[column]]))',
        "  for (column in names(levels)) found[[column]] <- factor(found[[column]], levels[[column]])",
        "  found",
        "}",
    ]
    for name, table in source.tables.items():
        schema = TABLES[name]
        columns = [(str(c), schema.column(str(c))) for c in table.columns]
        types = ", ".join(f'`{c}` = "{R_TYPES[column.kind] if column else "d"}"' for c, column in columns)
        levels = ", ".join(
            f"`{c}` = c({', '.join(_quoted(choice) for choice in column.choices)})"
            for c, column in columns
            if column is not None and column.choices
        )
        lines.append(f'{name} <- table_of("{name}", c({types}), list({levels}))')
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _reliability_r(source: Source, scales: list[str]) -> str:
    told = (source.evidence.document("reliability") or {}).get("scales") or {}
    lines = [
        "# Cronbach's alpha of every scale, beside valuelex's. Rscript reliability.R",
        'script <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))',
        "if (length(script)) setwd(dirname(script[1]))",
        'if (!requireNamespace("psych", quietly = TRUE)) { cat("skipped: psych is not installed\\n"); quit(status = 0) }',
        "alpha_of <- function(k, name, ours) {",
        '  items <- read.csv(file.path("data", paste0("items_", k, ".csv")), check.names = FALSE)',
        '  items <- na.omit(items[, setdiff(names(items), c("model_id", "sample_index")), drop = FALSE])',
        '  if (nrow(items) < 3) { cat(name, ": too few complete cases\\n"); return(invisible()) }',
        "  found <- suppressMessages(suppressWarnings(psych::alpha(items, warnings = FALSE, check.keys = FALSE)))",
        '  cat(sprintf("%s: psych %.4f, valuelex %s\\n", name, found$total$raw_alpha, ours))',
        "}",
    ]
    for k, name in enumerate(scales, 1):
        alpha = (told.get(name.removesuffix(" (sub)")) or {}).get("alpha")
        ours = "-" if alpha is None else f"{alpha:.4f}"
        lines.append(f'alpha_of({k}, {_quoted(name)}, "{ours}")')
    return "\n".join(lines) + "\n"


def write_spss(source: Source, folder: Path) -> tuple[list[Written], list[str]]:
    """Every table as .sav with labels and missing codes, wide files, and syntax."""
    if not sav.available():
        raise MissingExtra("pyreadstat", "spss", "An SPSS file")
    files, notes = [], []
    for name, table in source.tables.items():
        if table.empty:
            continue
        shortened = sav.write_table(table, TABLES[name], folder / f"{name}.sav", f"{source.name}: {name}")
        files.append(Written(f"{name}.sav", f"a row is {TABLES[name].row}"))
        notes += [
            f"{name}.sav: texts of {column} longer than {sav.LONGEST:,} bytes are cut off." for column in shortened
        ]
    sav.write_wide(source.models(), folder / "models_wide.sav", f"{source.name}: models and their scores")
    files.append(Written("models_wide.sav", "one row a model: what is known of it, and its scores"))
    syntax = []
    for k, (name, table) in enumerate(source.items().items(), 1):
        names = sav.write_wide(table, folder / f"items_{k}.sav", f"items of {name}")
        files.append(Written(f"items_{k}.sav", f"items of {name}: one row a model and sample, one column an item"))
        items = [new for new, old in names.items() if old not in ("model_id", "sample_index")]
        # A comment ends with its line: the name, which is data, has none.
        asked = f"RELIABILITY\n  /VARIABLES={sav.lines(items)}\n  /MODEL=ALPHA.\n"
        syntax.append(f"* {' '.join(name.split())}.\nGET FILE='items_{k}.sav'.\n{asked}")
    if len(source.ratings()):
        names = sav.write_wide(source.ratings(), folder / "judges.sav", "ratings side by side")
        judges = [new for new, old in names.items() if old not in ("completion_id", "dimension")]
        files.append(Written("judges.sav", "one row a completion and scale, one column a judge"))
        agreement = (
            f"GET FILE='judges.sav'.\nRELIABILITY\n  /VARIABLES={sav.lines(judges)}\n"
            "  /ICC=MODEL(RANDOM) TYPE(ABSOLUTE) CIN=95 TESTVAL=0.\n"
        )
        put(folder, "judges.sps", HEAD + agreement)
        files.append(Written("judges.sps", "agreement of judges, ICC(2,1)"))
    if syntax:
        put(folder, "reliability.sps", HEAD + "\n".join(syntax))
        files.append(Written("reliability.sps", "alpha of every scale"))
    made, said = _taxonomy(source, folder)
    notes += said
    notes.append(
        f"Missing codes: {sav.NOT_APPLICABLE} not applicable, {sav.NOT_SCORED} not scored (no readable judgement), "
        f"{sav.NOT_KNOWN} not known. All are declared as missing; other empty cells are system-missing."
    )
    return files + made, notes
