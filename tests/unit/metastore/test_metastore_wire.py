"""Our declarations against generated bindings, and the protocol's edges."""

import dataclasses
import socket
import threading

import pytest
from pymetastore.hive_metastore import ThriftHiveMetastore, ttypes
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.Thrift import TApplicationException, TMessageType
from thrift.transport.TSocket import TSocket
from thrift.transport.TTransport import TBufferedTransport

from sandbox.metastore import hive, wire
from sandbox.metastore.wire import struct_spec

STRUCTS = [
    each
    for each in vars(hive).values()
    if dataclasses.is_dataclass(each) and each.__module__ == hive.__name__
]

CALLED_BY_SPARK = {
    "set_ugi",
    "get_database",
    "get_databases",
    "get_all_tables",
    "get_tables",
    "get_tables_by_type",
    "get_table",
    "create_database",
    "alter_database",
    "drop_database",
    "create_table_with_environment_context",
    "alter_table_with_environment_context",
    "drop_table_with_environment_context",
    "get_partitions",
    "get_partitions_by_filter",
    "get_partitions_ps_with_auth",
    "get_partition_with_auth",
    "get_partition_names",
    "get_partition_names_ps",
    "add_partitions_req",
    "add_partition_with_environment_context",
    "alter_partition_with_environment_context",
    "alter_partitions_with_environment_context",
    "rename_partition",
    "drop_partition_with_environment_context",
    "create_function",
    "get_function",
    "get_functions",
    "drop_function",
}


def shape(spec: tuple) -> dict[int, object]:
    """Id, type and name of every member, and of what it contains; structures by their names."""
    return {member[0]: (member[1], member[2], contents(member[3])) for member in spec if member is not None}


def unnamed(members: dict) -> dict:
    """Without names: a result's are not on the wire, and Hive's definition skips some numbers."""
    return {place: (kind, inner) for place, (kind, _, inner) in members.items()}


def ended(connection: socket.socket) -> bool:
    """Whether the server has closed the connection; with bytes it has not read, that is a reset."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def contents(argument: object) -> object:
    match argument:
        case [type() as struct, _]:
            return struct.__name__
        case (int() as inner, inner_argument, bool()):
            return (inner, contents(inner_argument))
        case (int() as key, _, int() as value, value_argument, bool()):
            return (key, value, contents(value_argument))
        case _:
            return None


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_structures_are_those_of_hive(struct: type) -> None:
    ours, theirs = shape(struct_spec(struct)), shape(getattr(ttypes, struct.__name__).thrift_spec)
    assert ours
    assert ours == {place: theirs[place] for place in ours}


def test_methods_are_those_of_hive(metastore) -> None:
    methods = metastore.server._processor.methods
    assert set(methods) >= CALLED_BY_SPARK
    for name, method in methods.items():
        arguments = getattr(ThriftHiveMetastore, f"{name}_args")
        result = getattr(ThriftHiveMetastore, f"{name}_result")
        assert shape(method.arguments) == shape(arguments.thrift_spec), name
        assert unnamed(shape(method.result)) == unnamed(shape(result.thrift_spec)), name


def test_the_protocol_without_its_c_extension(metastore, monkeypatch) -> None:
    monkeypatch.setattr(wire, "TBinaryProtocolAccelerated", TBinaryProtocol)
    transport = TBufferedTransport(TSocket("127.0.0.1", metastore.server.port))
    transport.open()
    client = ThriftHiveMetastore.Client(TBinaryProtocol(transport))
    columns = [ttypes.FieldSchema("id", "int", "number")]
    storage = ttypes.StorageDescriptor(cols=columns, serdeInfo=ttypes.SerDeInfo(parameters={"a": "b"}))
    table = ttypes.Table(dbName="default", tableName="t", tableType="MANAGED_TABLE", sd=storage)
    client.create_table_with_environment_context(table, None)
    shown = client.get_table("default", "t")
    assert (shown.sd.cols, shown.sd.serdeInfo.parameters) == (columns, {"a": "b"})
    with pytest.raises(ttypes.NoSuchObjectException, match="Table nope not found"):
        client.get_table("default", "nope")
    transport.close()


def test_an_unknown_method_is_named(metastore) -> None:
    with pytest.raises(TApplicationException, match="Invalid method name: 'get_role_names'") as caught:
        metastore.client.get_role_names()
    assert caught.value.type == TApplicationException.UNKNOWN_METHOD
    assert metastore.client.get_all_databases() == ["default"]


def test_shutdown_is_a_goodbye_without_an_answer(metastore) -> None:
    connection = socket.create_connection(("127.0.0.1", metastore.server.port), timeout=10)
    end = TSocket()
    end.setHandle(connection)
    transport = TBufferedTransport(end)
    protocol = TBinaryProtocol(transport)
    protocol.writeMessageBegin("shutdown", TMessageType.ONEWAY, 1)
    protocol.writeStructBegin("shutdown_args")
    protocol.writeFieldStop()
    protocol.writeStructEnd()
    protocol.writeMessageEnd()
    transport.flush()
    assert connection.recv(1) == b""
    transport.close()
    assert metastore.client.get_all_databases() == ["default"]


@pytest.mark.parametrize(
    "garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\x80\x01\x00\x01\x7f\xff\xff\xff", b"\x00" * 64]
)
def test_garbage_ends_that_connection_only(metastore, garbage: bytes) -> None:
    with socket.create_connection(("127.0.0.1", metastore.server.port), timeout=10) as connection:
        connection.sendall(garbage)
        assert ended(connection)
    assert metastore.client.get_all_databases() == ["default"]


def test_stop_closes_open_connections_and_frees_the_port(metastore) -> None:
    idle = [socket.create_connection(("127.0.0.1", metastore.server.port), timeout=10) for _ in range(5)]
    metastore.client.get_all_databases()
    metastore.server.stop()
    assert all(ended(connection) for connection in idle)
    for connection in idle:
        connection.close()
    mine = f"metastore-{metastore.server.port}"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(mine)]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", metastore.server.port))
    metastore.server.stop()
    metastore.server.start()


def test_a_taken_port_is_an_error(metastore) -> None:
    server = metastore.server
    other = type(server)(metastore.catalog, "127.0.0.1", server.port, "file:/w", server)
    with pytest.raises(OSError, match="in use"):
        other.start()
    other.stop()


def test_clients_are_served_side_by_side(metastore) -> None:
    metastore.catalog.create_database({"Name": "d"})
    seen: list[list[str]] = []

    def ask() -> None:
        transport = TBufferedTransport(TSocket("127.0.0.1", metastore.server.port))
        transport.open()
        client = ThriftHiveMetastore.Client(TBinaryProtocol(transport))
        for number in range(20):
            client.create_database(ttypes.Database(name=f"d_{threading.get_ident()}_{number}"))
        seen.append(client.get_databases("d_*"))
        transport.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(len(each) for each in seen) == 80
