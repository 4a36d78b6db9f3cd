"""The transforms that scripts import with `from awsglue.transforms import *`.

Each is the class form of a method of DynamicFrame: `ApplyMapping.apply(frame=..., mappings=...)`.
Source: AWS Glue developer guide, "AWS Glue PySpark transforms reference".
"""

from awsglue.transforms.collection import MapToCollection, SelectFromCollection
from awsglue.transforms.frame import (
    ApplyMapping,
    DropFields,
    DropNullFields,
    ErrorsAsDynamicFrame,
    Filter,
    Join,
    Map,
    MergeDynamicFrame,
    Relationalize,
    RenameField,
    ResolveChoice,
    SelectFields,
    Spigot,
    SplitFields,
    SplitRows,
    Unbox,
    Union,
    UnnestFrame,
)
from awsglue.transforms.refused import FillMissingValues, FindIncrementalMatches, FindMatches, FlatMap
from awsglue.transforms.transform import GlueTransform

__all__ = [
    "ApplyMapping",
    "DropFields",
    "DropNullFields",
    "ErrorsAsDynamicFrame",
    "FillMissingValues",
    "Filter",
    "FindIncrementalMatches",
    "FindMatches",
    "FlatMap",
    "GlueTransform",
    "Join",
    "Map",
    "MapToCollection",
    "MergeDynamicFrame",
    "Relationalize",
    "RenameField",
    "ResolveChoice",
    "SelectFields",
    "SelectFromCollection",
    "Spigot",
    "SplitFields",
    "SplitRows",
    "Unbox",
    "Union",
    "UnnestFrame",
]
