"""s3-dist-cp: its options, and which files become which."""

import pytest

from sandbox.emr.distcp.options import Codec, Options, Refused, parse
from sandbox.emr.distcp.planning import Source, plan, renamed

MIB = 1024 * 1024
BOTH = ("--src=s3://b/in", "--dest=s3://b/out")


def test_options_come_with_an_equals_sign_or_after_a_space():
    made = parse(
        [
            *("--src", "s3://b/in", "--dest=s3://b/out", "--srcPattern", ".*x", "--groupBy=.*(y)"),
            *("--targetSize", "2", "--outputCodec=gz", "--deleteOnSuccess", "--s3ServerSideEncryption"),
            *("--storageClass=STANDARD", "-Dmapreduce.job.reduces=1", "-D", "a=b"),
        ]
    )
    assert (made.source, made.destination) == ("s3://b/in", "s3://b/out")
    assert made.pattern.pattern == ".*x" and made.group_by.pattern == ".*(y)"
    assert (made.target_size, made.codec, made.delete, made.encrypt) == (2 * MIB, Codec.GZIP, True, True)
    assert (made.storage_class, made.notes) == ("STANDARD", ())


def test_an_option_without_effect_is_told():
    (note,) = parse([*BOTH, "--s3Endpoint=s3.amazonaws.com"]).notes
    assert note.startswith("--s3Endpoint is not used")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--outputManifest=m.gz"], "does not emulate s3-dist-cp with --outputManifest"),
        (["--previousManifest", "m.gz"], "with --previousManifest"),
        (["--copyFromManifest"], "with --copyFromManifest"),
        (["--appendToLastFile"], "with --appendToLastFile"),
        (["--numberFiles"], "with --numberFiles"),
        (["--srcPrefixesFile=x"], "with --srcPrefixesFile"),
        (["--outputCodec=lzo"], "--outputCodec lzo is not emulated"),
        (["--groupBy=.*"], "needs a group in parentheses"),
        (["--groupBy=(("], "is no regular expression"),
        (["--targetSize=1.5"], "whole number of MiB, not 1.5"),
        (["--storageClass=GLACIER"], "not GLACIER"),
        (["--nonsense"], "--nonsense is no option"),
        (["--srcPattern"], "--srcPattern has no value"),
        (["--dest=hdfs:///out"], "on HDFS, which this cluster has not"),
    ],
)
def test_what_is_wrong_or_not_emulated_is_named(more, told):
    with pytest.raises(Refused, match=told):
        parse([*BOTH, *more])


@pytest.mark.parametrize("given", BOTH)
def test_source_and_destination_are_needed(given):
    with pytest.raises(Refused, match="is missing"):
        parse([given])


def files(**sizes):
    return [
        Source(f"s3://b/in/{name.replace('__', '/').replace('_', '.')}", size) for name, size in sizes.items()
    ]


def planned(sources, *more, src="s3://b/in", dest="s3://b/out"):
    made = plan(sources, parse([f"--src={src}", f"--dest={dest}", *more]))
    return {one.address: [source.address.rpartition("/")[2] for source in one.sources] for one in made}


LOGS = files(d1__a_log=1, d1__b_log=1, d2__c_log=1, d2__c_txt=1)


@pytest.mark.parametrize(
    ("src", "dest"),
    [("s3://b/in", "s3://b/out"), ("s3://b/in/", "s3://b/out/"), ("s3://b/in/", "file:///out")],
)
def test_the_tree_below_the_source_is_kept(src, dest):
    base = dest.rstrip("/")
    assert list(planned(LOGS, src=src, dest=dest)) == [
        f"{base}/{name}" for name in ("d1/a.log", "d1/b.log", "d2/c.log", "d2/c.txt")
    ]


def test_a_single_file_keeps_its_name():
    assert list(planned([Source("s3://b/in/x.csv", 1)], src="s3://b/in/x.csv")) == ["s3://b/out/x.csv"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [(".*[.]log", 3), ("s3://b/in/d1/.*", 2), ("log", 0), (r".*/(?<day>d2)/.*\.txt", 1)],
)
def test_a_pattern_matches_whole_addresses(pattern, expected):
    if expected:
        assert len(planned(LOGS, f"--srcPattern={pattern}")) == expected
    else:
        with pytest.raises(Refused, match="no file of s3://b/in"):
            planned(LOGS, f"--srcPattern={pattern}")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r".*/(d\d)/.*\.(log)", {"d1log": ["a.log", "b.log"], "d2log": ["c.log"]}),
        (r".*(log)", {"log": ["a.log", "b.log", "c.log"]}),
        (r".*/d\d/(\w)[.].*", {"a": ["a.log"], "b": ["b.log"], "c": ["c.log", "c.txt"]}),
        (r".*/(d1)/.*|.*(txt)", {"d1null": ["a.log", "b.log"], "nulltxt": ["c.txt"]}),
    ],
)
def test_files_of_one_group_become_one_file_named_by_it(pattern, expected):
    made = planned(LOGS, f"--groupBy={pattern}")
    assert made == {f"s3://b/out/{name}": names for name, names in expected.items()}


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (9, {"x": 6}),
        (3, {"x0": 2, "x1": 2, "x2": 2}),
        (1, {"x0": 1, "x1": 1, "x2": 1, "x3": 1, "x4": 1, "x5": 1}),
    ],
)
def test_a_group_larger_than_the_target_size_is_numbered(size, expected):
    sources = [Source(f"s3://b/in/x{number}", int(1.5 * MIB)) for number in range(6)]
    made = planned(sources, "--groupBy=.*/(x).*", f"--targetSize={size}")
    assert {name.rpartition("/")[2]: len(names) for name, names in made.items()} == expected


def test_the_number_stands_before_the_extension_of_a_compression():
    sources = [Source(f"s3://b/in/{number}.gz", MIB) for number in range(2)]
    made = planned(sources, "--groupBy=.*([.]gz)", "--targetSize=1", dest="s3://b/out")
    assert list(made) == ["s3://b/out/0.gz", "s3://b/out/1.gz"]


@pytest.mark.parametrize(
    ("name", "codec", "expected"),
    [
        ("a.log", Codec.GZIP, "a.log.gz"),
        ("a.log.gz", Codec.GZIP, "a.log.gz"),
        ("a.log.bz2", Codec.GZIP, "a.log.gz"),
        ("a.log.gz", Codec.NONE, "a.log"),
        ("a.log", Codec.NONE, "a.log"),
        ("a.log.gz", Codec.KEEP, "a.log.gz"),
    ],
)
def test_a_file_has_the_extension_of_its_compression(name, codec, expected):
    assert renamed(name, codec) == expected


def test_what_cannot_be_treated_so_is_refused():
    with pytest.raises(Refused, match="Parquet"):
        planned(files(a_parquet=1, b_parquet=1), "--groupBy=.*(parquet)")
    with pytest.raises(Refused, match=r"x.lzo cannot be read"):
        planned([Source("s3://b/in/x.lzo", 1)], "--outputCodec=none")
    assert plan([Source("s3://b/in/x.lzo", 1)], Options("s3://b/in", "s3://b/out"))
