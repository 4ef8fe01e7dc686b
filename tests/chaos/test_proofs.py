"""What the checker of proofs notices, and what it lets pass."""
import base64
import hashlib
import hmac
from types import SimpleNamespace

import pytest

from evidence import Request
from proofs import FRESH, NO_PROOF, OVERLAP, Keeper, Value, secret_fault, signature_fault

AT = 10_000_000
ID = "ab" * 32
HEAD = b"head"


def key(number, sent, known):
    return Value("whsec_" + base64.b64encode(bytes([number]) * 32).decode(), sent, known)


def signed(head, *keys):
    def one(signing):
        digest = hmac.new(base64.b64decode(signing.text[6:]), head, hashlib.sha256).digest()
        return f"v1,{base64.b64encode(digest).decode()}"
    return [one(signing) for signing in keys]


# --- secrets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text, at, fault", [
    ("old", AT - 1, None), ("old", AT + FRESH, None), ("old", AT + FRESH + 101, "exchanged"), ("new", AT, None), ("new", AT - 1, "later"),
    ("{{secret.chaos}}", AT, "never was"), ("-", AT, "never was")])
def test_secret_is_the_one_that_counts(text, at, fault):
    found = secret_fault([Value("old", 0, 10), Value("new", AT, AT + 100)], text, at)
    assert (found is None) if fault is None else fault in found


def test_either_secret_is_good_while_the_exchange_is_not_known_to_be_done():
    values = [Value("old", 0, 10), Value("new", AT, 0)]
    assert secret_fault(values, "old", AT + 10 * FRESH) is secret_fault(values, "new", AT + 10 * FRESH) is None


# --- signatures -------------------------------------------------------------------------------------------------------


FIRST, SECOND = key(1, AT, AT), key(2, AT + 1000, AT + 1000)
LOST = Value("", AT + 1000, 0)
LATER, END = AT + FRESH + 2000, SECOND.sent + OVERLAP


def test_call_is_signed_by_all_keys_that_are_alive():
    assert signature_fault([FIRST, SECOND], HEAD, signed(HEAD, SECOND, FIRST), LATER) is None
    assert "not signed" in signature_fault([FIRST, SECOND], HEAD, signed(HEAD, SECOND), LATER)
    assert "not signed" in signature_fault([FIRST, SECOND], HEAD, signed(HEAD, FIRST), LATER)
    assert signature_fault([FIRST, SECOND], HEAD, signed(HEAD, FIRST), AT + FRESH) is None, "the second may not be known yet"
    assert "no key" in signature_fault([FIRST], HEAD, ["-"], AT + 1)
    assert "no key" in signature_fault([FIRST], HEAD, signed(b"another", FIRST), AT + 1)


def test_key_ends_a_while_after_the_next_one():
    assert signature_fault([FIRST, SECOND], HEAD, signed(HEAD, SECOND), END) is None
    assert signature_fault([FIRST, SECOND], HEAD, signed(HEAD, SECOND, FIRST), END + FRESH) is None
    assert "has ended" in signature_fault([FIRST, SECOND], HEAD, signed(HEAD, SECOND, FIRST), END + FRESH + 1)


def test_stepped_clock_ends_it_sooner_or_later():
    assert signature_fault([FIRST, SECOND], HEAD, signed(HEAD, SECOND), END - 5000, spread=5000) is None
    assert "not signed" in signature_fault([FIRST, SECOND], HEAD, signed(HEAD, SECOND), END - 5001, spread=5000)
    assert signature_fault([FIRST, SECOND], HEAD, signed(HEAD, SECOND, FIRST), END + FRESH + 5000, spread=5000) is None


def test_key_whose_answer_was_lost_may_have_ended_another():
    assert signature_fault([FIRST, LOST], HEAD, signed(HEAD, FIRST), END) is None
    assert signature_fault([FIRST, LOST], HEAD, ["v1,unknown"], END) is None
    assert "not signed" in signature_fault([FIRST, LOST], HEAD, ["v1,unknown"], END - 1)
    assert "has ended" not in (signature_fault([FIRST, LOST], HEAD, signed(HEAD, FIRST), END + 10 * FRESH) or "")


def test_key_signs_nothing_before_it_is_made():
    assert "no key" in signature_fault([key(1, LATER, LATER)], HEAD, signed(HEAD, key(1, 0, 0)), AT)


# --- requests ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def keeper():
    keeper = Keeper(SimpleNamespace(redis=SimpleNamespace(clock=SimpleNamespace(steps=[(0, 0), (AT + 1000, 90_000)]))), "seed")
    keeper.keys, keeper.values = [key(1, 0, 1)], [Value("s3cret", 0, 1)]
    return keeper


def look(keeper, path="/job/1", at=AT, ahead=0, **changed):
    """Shows a request that proves itself, but for what is changed. ahead: of Redis' clock."""
    stamp = (at + ahead) // 1000
    proof = {"name": f"{ID}-5", "stamp": str(stamp), "signatures": signed(f"{ID}-5.{stamp}.".encode(), keeper.keys[0])[0], "secret": "s3cret", **changed}
    keeper.look_at(Request(at, "good0", 1, 0, path, ID, 5, 1, f"{ID}-5"), list(proof.values()))
    return [violation.what for violation in keeper.faults]


def test_request_that_proves_itself_is_good(keeper):
    assert look(keeper) == look(keeper, "/hop") == [] and keeper.looked_at == 2


@pytest.mark.parametrize("changed", [{"name": "other"}, {"stamp": "1"}, {"stamp": "-"}, {"signatures": "-"}, {"signatures": "v1,x"}, {"secret": "-"}])
@pytest.mark.parametrize("path", ["/job/1", "/living/2", "/hop"])
def test_request_that_does_not_is_found(keeper, path, changed):
    assert not look(keeper)
    assert len(look(keeper, path, **changed)) == 1


def test_clock_that_was_stepped_counts_from_its_step(keeper):
    assert look(keeper, at=AT + 2000, ahead=90_000) == look(keeper, at=AT + 2000) == []
    assert look(keeper, at=AT + 60_000, ahead=90_000) == []
    assert len(look(keeper, at=AT + 60_000)) == 1


def test_job_that_proves_nothing_sends_nothing_of_it(keeper):
    keeper.look_at(Request(AT, "good0", 1, 0, "/job/3", "cd" * 32, 5, 1, "k"), NO_PROOF)
    assert not keeper.faults
    keeper.look_at(Request(AT, "good0", 1, 0, "/job/3", "cd" * 32, 5, 1, "k"), ["-", "-", "-", "s3cret"])
    assert len(keeper.faults) == 1


@pytest.mark.parametrize("status, found", [(401, 0), (0, 0), (502, 0), (200, 1), (403, 1), (400, 1)])
def test_bad_key_opens_nothing(keeper, status, found):
    look(keeper)
    keeper.trials.append(("a key that was revoked", status))
    assert sum(violation.check == 15 for violation in keeper.check()) == found


def test_run_without_proofs_is_no_success(keeper):
    assert [violation.check for violation in keeper.check()] == [14]
