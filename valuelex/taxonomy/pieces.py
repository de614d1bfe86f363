"""A taxonomy while it is edited: pieces that are renamed, merged and split, and words that move between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from valuelex.taxonomy.edits import SEPARATOR, Edit, Merge, Move, PieceRef, Rename, Split, plain_word


class Unfit(Exception):
    """An edit that does not fit the taxonomy; its text is why."""


@dataclass(eq=False)
class Subdimension:
    name: str
    words: list[str]


@dataclass(eq=False)
class Dimension:
    """`origin`: the computed dimension that it continues; None after a merge or for a part that was split off."""

    name: str
    words: list[str]
    subs: list[Subdimension]
    origin: str | None = None


@dataclass
class Done:
    """What an edit did: words that changed their place, and what of it did not fit."""

    words: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def places(dims: Sequence[Dimension]) -> dict[str, tuple[Dimension, Subdimension | None]]:
    found: dict[str, tuple[Dimension, Subdimension | None]] = {}
    for d in dims:
        found |= dict.fromkeys(d.words, (d, None))
        found |= {w: (d, s) for s in d.subs for w in s.words}
    return found


class Pieces:
    """The taxonomy while it is edited."""

    def __init__(self, dims: list[Dimension], words: Sequence[str]) -> None:
        self.dims = dims
        self.words = list(words)
        self._spelled = {plain_word(w): w for w in words}

    def apply(self, edit: Edit) -> Done:
        """Carry out one edit, or leave everything as it is and raise `Unfit`."""
        if edit.rename is not None:
            return self._rename(edit.rename)
        if edit.move is not None:
            return self._move(edit.move)
        if edit.merge is not None:
            return self._merge(edit.merge)
        assert edit.split is not None
        return self._split(edit.split)

    def unassigned(self) -> list[str]:
        placed = {w for d in self.dims for w in d.words}
        return [w for w in self.words if w not in placed]

    def find_origins(self, computed: Sequence[Dimension]) -> None:
        """A dimension that holds just the words of a computed one is that one, however it came about."""
        by_words = {frozenset(d.words): d.name for d in computed}
        for d in self.dims:
            d.origin = by_words.get(frozenset(d.words), d.origin)

    # ---- finding ----

    def _pieces(self) -> Iterator[tuple[Dimension, Subdimension | None]]:
        for d in self.dims:
            yield d, None
            for s in d.subs:
                yield d, s

    def find(self, ref: PieceRef) -> tuple[Dimension, Subdimension | None]:
        """Return the dimension, or the subdimension within its dimension, that is meant."""
        if ref.holding is not None:
            return self._holding(ref, ref.holding)
        wanted = [plain_word(part) for part in ref.name.split(SEPARATOR)]
        found = []
        for d, s in self._pieces():
            path = [plain_word(d.name)] + ([plain_word(s.name)] if s else [])
            if path == wanted or (len(wanted) == 1 and path[-1] == wanted[0]):
                found.append((d, s))
        if not found:
            names = ", ".join(d.name for d in self.dims) or "none"
            raise Unfit(f"There is no piece named '{ref.name}' (the dimensions are: {names}).")
        if len(found) > 1:
            where = ", ".join(_path(*piece) for piece in found)
            raise Unfit(f"'{ref.name}' names {len(found)} pieces ({where}): write Dimension / Subdimension.")
        return found[0]

    def _holding(self, ref: PieceRef, wanted: Sequence[str]) -> tuple[Dimension, Subdimension | None]:
        """The piece with more than half of the words that are named: a few may have gone or moved since."""
        words = {self._spelled[w] for w in wanted if w in self._spelled}
        for d, s in self._pieces():
            if (s is None) == (ref.level == "dimension"):
                held = words & set(d.words if s is None else s.words)
                if 2 * len(held) > len(wanted):
                    return d, s
        raise Unfit(f"No {ref.level} holds more than half of the words {', '.join(wanted)}.")

    def _free(self, name: str, *apart_from: Dimension | Subdimension) -> str:
        """The name, if no other piece has it: scales of the test are told apart by their names."""
        for d, s in self._pieces():
            piece = s or d
            if piece not in apart_from and plain_word(piece.name) == plain_word(name):
                raise Unfit(f"There is a piece named '{piece.name}' already: merge the two, or take another name.")
        return name

    # ---- the four operations ----

    def _rename(self, edit: Rename) -> Done:
        d, s = self.find(edit.piece)
        piece = s or d
        piece.name = self._free(edit.to, piece)
        return Done()

    def _move(self, edit: Move) -> Done:
        d, s = self.find(edit.to) if edit.to is not None else (None, None)
        if d is not None and s is None and len(d.subs) == 1:
            s = d.subs[0]
        known = [self._spelled[w] for w in edit.words if w in self._spelled]
        gone = [w for w in edit.words if w not in self._spelled]
        if not known:
            raise Unfit(f"No word of this taxonomy: {', '.join(gone)}.")
        now = places(self.dims)
        here = [w for w in known if _is_at(now.get(w), d, s)]
        done = Done([w for w in known if w not in here])
        if gone:
            done.remarks.append(f"No word of this taxonomy: {', '.join(gone)}.")
        if done.words and d is not None and s is None and d.subs:
            done.remarks.append(
                f"In none of the subdimensions of {d.name}, so in no scale of the test: name one of them."
            )
        for word in done.words:
            self._take(word)
            if d is not None:
                d.words.append(word)
            if s is not None:
                s.words.append(word)
        self._drop_empty(done)
        return done

    def _merge(self, edit: Merge) -> Done:
        found = [self.find(ref) for ref in edit.pieces]
        if len({s is None for _, s in found}) > 1:
            raise Unfit("A dimension and a subdimension cannot be merged: name pieces of one level.")
        if len({id(s or d) for d, s in found}) < len(found):
            raise Unfit("Two of the names mean one and the same piece.")
        (into, first), rest = found[0], found[1:]
        name = self._free(edit.to, *(s or d for d, s in found))
        if first is None:
            done = Done([w for d, _ in found for w in d.words])
            for d, _ in rest:
                into.words += d.words
                into.subs += d.subs
                self.dims.remove(d)
            into.name, into.origin = name, None
            return done
        done = Done([w for _, s in found if s for w in s.words])
        for d, s in rest:
            if s is None:
                continue
            moving = set(s.words)
            d.subs.remove(s)
            first.words += s.words
            if d is not into:
                d.words = [w for w in d.words if w not in moving]
                into.words += s.words
        first.name = name
        self._drop_empty(done)
        return done

    def _split(self, edit: Split) -> Done:
        d, s = self.find(edit.piece)
        piece = s or d
        held = set(piece.words)
        parts: dict[str, list[str]] = {}
        lost: list[str] = []
        for name, words in edit.into.items():
            mine = {self._spelled[w] for w in words if self._spelled.get(w) in held}
            lost += [w for w in words if self._spelled.get(w) not in held]
            if mine and plain_word(name) != plain_word(piece.name):  # of the old name: stays
                parts[name] = [w for w in piece.words if w in mine]
        if not parts:
            raise Unfit(f"'{piece.name}' holds none of the words that would leave it.")
        leaving = {w for words in parts.values() for w in words}
        # The old name is free again where nothing stays behind.
        gone = [piece] if leaving == held else []
        if gone and s is None:
            gone += d.subs
        for name in parts:
            self._free(name, *gone)
        done = Done([w for words in parts.values() for w in words])
        if lost:
            done.remarks.append(f"Not in '{piece.name}': {', '.join(lost)}.")
        if s is not None:
            at = d.subs.index(s) + 1
            s.words = [w for w in s.words if w not in leaving]
            d.subs[at:at] = [Subdimension(name, words) for name, words in parts.items()]
        else:
            new = [Dimension(name, words, self._subs_of(d, words)) for name, words in parts.items()]
            self._remove(d, leaving)
            at = self.dims.index(d) + 1
            self.dims[at:at] = new
            self._drop_empty(done, quietly=d)
            self._make_unique(new)
        self._drop_empty(done, quietly=piece)
        return done

    @staticmethod
    def _subs_of(d: Dimension, words: Sequence[str]) -> list[Subdimension]:
        """What of each subdimension goes along."""
        mine = set(words)
        parts = [Subdimension(s.name, [w for w in s.words if w in mine]) for s in d.subs]
        return [p for p in parts if p.words]

    def _make_unique(self, new: Sequence[Dimension]) -> None:
        """A subdimension that a split cut in two keeps its name in one part and gets a number in the other."""
        mine = {id(s) for d in new for s in d.subs}
        taken = {plain_word((s or d).name) for d, s in self._pieces() if s is None or id(s) not in mine}
        for s in (s for d in new for s in d.subs):
            name, n = s.name, 2
            while plain_word(name) in taken:
                name, n = f"{s.name} ({n})", n + 1
            s.name = name
            taken.add(plain_word(name))

    def _take(self, word: str) -> None:
        for d in self.dims:
            if word in d.words:
                self._remove(d, {word})

    @staticmethod
    def _remove(d: Dimension, words: set[str]) -> None:
        d.words = [w for w in d.words if w not in words]
        for s in d.subs:
            s.words = [w for w in s.words if w not in words]

    def _drop_empty(self, done: Done, quietly: Dimension | Subdimension | None = None) -> None:
        for d in list(self.dims):
            for s in [s for s in d.subs if not s.words]:
                d.subs.remove(s)
            if not d.words:
                self.dims.remove(d)
                if d is not quietly:
                    done.remarks.append(f"'{d.name}' has no word left and is gone.")


def _is_at(place: tuple[Dimension, Subdimension | None] | None, d: Dimension | None, s: Subdimension | None) -> bool:
    if place is None or d is None:
        return place is None and d is None
    return place[0] is d and place[1] is s


def _path(d: Dimension, s: Subdimension | None) -> str:
    return f"{d.name}{SEPARATOR}{s.name}" if s else d.name
