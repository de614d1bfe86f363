"""The user's own files that a study file names: prompts, lists, mappings, vectors, edits, stems, tables to start from."""

from __future__ import annotations

from pathlib import Path

from valuelex.projective import rating_files
from valuelex.study.embedding import precomputed_file
from valuelex.study.file import StudyFile
from valuelex.taxonomy import EDITS

SUFFIXES = (".yaml", ".yml", ".csv", ".tsv", ".txt", ".parquet", ".pq")
"""A text that ends so is a file; any other is the name of something packaged."""


def named_files(file: StudyFile, folder: Path) -> dict[str, Path | None]:
    """Return name -> path of every file of the user's, as the study file writes it; None where it is not there.

    The file of edits and the imported ratings of people are among them, though they are found without being named.
    """
    asked, lexicon = file.elicitation, file.lexicon
    named = [asked.prompts, asked.few_shot, asked.vocabulary, lexicon.values, lexicon.overrides]
    named += [*lexicon.translations.values(), lexicon.crosswalk, precomputed_file(file.taxonomy.embedding)]
    named += [precomputed_file(name) for name in file.multiverse.embedding]
    test = file.instrument
    named += [
        file.taxonomy.edits,
        test.taxonomy,
        test.bank,
        test.file,
        file.comparison.covariates,
        file.comparison.claims,
        file.comparison.reference,
        *file.inputs.values(),
    ]
    found: dict[str, Path | None] = {}
    for name in (n for n in named if isinstance(n, str) and n.endswith(SUFFIXES)):
        place = folder / name
        found[name] = place if place.is_file() else None
    found |= {path.relative_to(folder).as_posix(): path for path in rating_files(folder)}
    if (folder / EDITS).is_file() and file.taxonomy.edits is None:
        found[EDITS] = folder / EDITS
    return found
