"""Which files make one table, and where its partitions are.

https://docs.aws.amazon.com/glue/latest/dg/crawler-s3-folder-table-partition.html
https://docs.aws.amazon.com/glue/latest/dg/crawler-configuration.html#crawler-grouping-policy

A table's root is the highest folder below which everything has the same format, lies equally deep and has
similar schemas. Files of one folder that do not go together are a table each. So are files that lie in the
bucket itself, as there is no folder to name a table after.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from sandbox.glue.crawler.classification import Profile
from sandbox.glue.crawler.listing import Listing
from sandbox.glue.crawler.profile import Format
from sandbox.glue.crawler.schema import Columns, are_one, merge_columns


@dataclass(frozen=True)
class Part:
    """The files of one folder of a table, and the partition values that the folders below the root spell."""

    values: tuple[str, ...]
    folder: str
    files: tuple[Profile, ...]

    @property
    def columns(self) -> Columns:
        """The schema of the folder."""
        return _schema(self.files)


@dataclass(frozen=True)
class Group:
    """One table: `path` is its folder's key without a slash at the end, or an object's key (`single`)."""

    bucket: str
    path: str
    keys: tuple[str, ...]
    parts: tuple[Part, ...]
    single: bool = False

    @property
    def location(self) -> str:
        """The table's Location."""
        return f"s3://{self.bucket}/{self.path}" + ("" if self.single or not self.path else "/")

    @property
    def files(self) -> list[Profile]:
        """All files of the table."""
        return [each for part in self.parts for each in part.files]

    @property
    def columns(self) -> Columns:
        """One schema for all partitions."""
        return merge_columns(part.columns for part in self.parts)

    @property
    def format(self) -> Format:
        """What all files have in common."""
        return next(each.recognised.format for each in self.files if each.recognised)


@dataclass(frozen=True)
class Policy:
    """How a crawler is told to find tables.

    `combine`: the similarity of schemas is ignored (CombineCompatibleSchemas). `level`: tables lie so deep,
    the bucket being 1 (TableLevelConfiguration):
    https://docs.aws.amazon.com/glue/latest/dg/crawler-table-level.html
    """

    combine: bool = False
    level: int | None = None


def group(listing: Listing, profiles: Sequence[Profile], policy: Policy = Policy()) -> list[Group]:
    """The tables of a target. Data of several formats or depths is no table at the policy's level, either."""
    if not profiles:
        return []
    if listing.single:
        return [_single(each) for each in profiles]
    return _resolve(_tree(listing, profiles), policy)


@dataclass
class _Folder:
    """A node of the tree of folders, with the files that lie directly in it."""

    bucket: str
    path: str
    files: list[Profile]
    folders: dict[str, _Folder]

    @property
    def level(self) -> int:
        """How deep the folder lies; a bucket is 1."""
        return len(self.path.split("/")) + 1 if self.path else 1

    def depths(self) -> set[int]:
        """How far below this folder files lie."""
        below = {depth + 1 for each in self.folders.values() for depth in each.depths()}
        return below | ({0} if self.files else set())

    def all_files(self) -> list[Profile]:
        """The files of this folder and of all below it."""
        return [*self.files, *(file for each in self.folders.values() for file in each.all_files())]


def _tree(listing: Listing, profiles: Sequence[Profile]) -> _Folder:
    root = _Folder(listing.bucket, listing.root, [], {})
    for each in profiles:
        below = each.object.key[len(listing.root) + 1 if listing.root else 0 :]
        *folders, _ = below.split("/")
        node = root
        for name in folders:
            path = f"{node.path}/{name}" if node.path else name
            node = node.folders.setdefault(name, _Folder(listing.bucket, path, [], {}))
        node.files.append(each)
    return root


def _resolve(folder: _Folder, policy: Policy) -> list[Group]:
    if folder.level == policy.level and len(folder.depths()) == 1 and _have_one_format(folder.all_files()):
        return [_table(folder)]
    below = [_resolve(each, policy) for each in folder.folders.values()]
    if folder.level >= (policy.level or 0) and _is_table(folder, below, policy.combine):
        return [_table(folder)]
    groups = [each for groups in below for each in groups]
    if not folder.files:
        return groups
    if folder.path and _go_together(folder.files, _schemas(folder.files), policy.combine):
        own = _Folder(folder.bucket, folder.path, folder.files, {})
        return [*groups, _table(own)]
    return [*groups, *(_single(each) for each in folder.files)]


def _is_table(folder: _Folder, below: Sequence[Sequence[Group]], combine: bool) -> bool:
    if len(folder.depths()) != 1:
        return False
    if not folder.folders:
        return bool(folder.path) and _go_together(folder.files, _schemas(folder.files), combine)
    if any(len(groups) != 1 or groups[0].single for groups in below):
        return False
    if not folder.path and len(folder.folders) == 1 and not _hive_key(folder.folders):
        # A bucket with one folder: that folder names the table.
        return False
    return _go_together(folder.all_files(), [groups[0].columns for groups in below], combine)


def _go_together(files: Sequence[Profile], schemas: Sequence[Columns], combine: bool) -> bool:
    """Files of one format whose schemas, side by side, describe one table."""
    return _have_one_format(files) and (combine or are_one(schemas))


def _have_one_format(files: Sequence[Profile]) -> bool:
    return len({each.recognised.format for each in files if each.recognised}) == 1


def _schemas(files: Sequence[Profile]) -> list[Columns]:
    return [each.recognised.columns for each in files if each.recognised]


def _schema(files: Sequence[Profile]) -> Columns:
    return merge_columns(_schemas(files))


def table_at(bucket: str, path: str, files: Sequence[Profile], keys: tuple[str, ...]) -> Group:
    """The table of a folder, with keys that it has already. The files lie as deep below it as there are
    keys."""
    root = _tree(Listing(bucket, path, tuple(each.object for each in files)), files)
    return _table(root, keys)


def _table(folder: _Folder, given: tuple[str, ...] = ()) -> Group:
    parts: dict[tuple[str, ...], list[Profile]] = defaultdict(list)
    skip = len(folder.path) + 1 if folder.path else 0
    for each in folder.all_files():
        *names, _ = each.object.key[skip:].split("/")
        parts[tuple(names)].append(each)
    keys = given or partition_keys(list(parts), {name.lower() for name, _ in _schema(folder.all_files())})
    return Group(
        bucket=folder.bucket,
        path=folder.path,
        keys=keys,
        parts=tuple(
            Part(_values(names, keys), "/".join(filter(None, (folder.path, *names))), tuple(files))
            for names, files in parts.items()
        ),
    )


def partition_keys(folders: Sequence[tuple[str, ...]], columns: set[str]) -> tuple[str, ...]:
    """The names of the partition keys: of `key=value` folders the key, else partition_0, partition_1, ...

    A key that is the name of a column, too, would make the table ambiguous and gets a number instead.
    """
    keys: list[str] = []
    for level, names in enumerate(zip(*folders, strict=True)):
        key = _hive_key(names)
        taken = key in columns or key in keys
        keys.append(f"partition_{level}" if not key or taken else key)
    return tuple(keys)


def _hive_key(names: Sequence[str] | dict[str, _Folder]) -> str:
    """The key that all `key=value` folders share, in lower case; "" when they do not."""
    keys = {name.partition("=")[0].lower() if "=" in name else "" for name in names}
    return keys.pop() if len(keys) == 1 else ""


def _values(names: Sequence[str], keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(_value(name, key) for name, key in zip(names, keys, strict=True))


def _value(name: str, key: str) -> str:
    """Hive escapes special characters of a value in the folder's name."""
    folder_key, equals, value = name.partition("=")
    return unquote(value) if equals and folder_key.lower() == key else name


def _single(each: Profile) -> Group:
    key = each.object.key
    return Group(each.object.bucket, key, (), (Part((), key, (each,)),), single=True)
