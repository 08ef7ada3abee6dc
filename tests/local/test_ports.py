import os
import socket
import sys

import pytest

from server.local import LocalError
from server.local.processes import ports


def test_taken_port_names_port_holder_and_setting() -> None:
    with socket.socket() as other:
        other.bind((ports.HOST, 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(LocalError) as refusal:
            ports.claim(taken, "YOYAKU_PORT")
        assert not ports.is_free(taken)
    assert ports.is_free(taken)
    text = str(refusal.value)
    assert f"port {taken} is taken by " in text
    assert f"(process {os.getpid()})" in text
    assert "YOYAKU_PORT=" in text


def test_free_ports_differ_and_can_be_claimed() -> None:
    found = ports.free(6)
    assert len(set(found)) == 6
    for port in found:
        ports.claim(port, "YOYAKU_PORT")


def test_no_outgoing_connection_can_take_a_free_port_before_it_is_used() -> None:
    with socket.create_server((ports.HOST, 0)) as server, socket.create_connection(server.getsockname()) as outgoing:
        assert outgoing.getsockname()[1] not in ports.CHOSEN_PORTS
    assert set(ports.free(6)) <= set(ports.CHOSEN_PORTS)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no server could listen beside the holder")
def test_who_chooses_next_gets_another_port_though_nothing_listens_on_the_first_yet() -> None:
    [port] = ports.free(1)
    with socket.socket() as chooser, pytest.raises(OSError, match="in use"):
        chooser.bind((ports.HOST, port))
    with socket.create_server((ports.HOST, port)) as server, socket.create_connection(server.getsockname()) as client:
        server.accept()[0].close()
        assert client.recv(1) == b""
