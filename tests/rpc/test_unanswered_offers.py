"""Staff see which offers to move are not answered yet."""

from tests.fixtures.clinic import Scene
from tests.fixtures.notices import reachable as reachable  # noqa: PLC0414  # a fixture
from tests.rpc.test_answers_by_link import shown, token_of
from tests.rpc.test_holds import hold
from tests.rpc.test_move_offers import answer, offered, state
from yoyaku.v1 import schedule_service_pb2 as pb
from yoyaku.v1.appointment_pb2 import APPOINTMENT_STATUS_HELD


async def test_staff_see_who_is_offered_what_until_it_is_answered(reachable: Scene) -> None:
    staff = reachable.staff
    request = pb.ListMoveOffersRequest(clinic_id=reachable.clinic_id)
    booked = (await reachable.book_slot("10:00")).appointment
    await offered(reachable)
    [offer] = (await staff(staff.schedules.ListMoveOffers, request)).offers
    told = (await shown(reachable, token_of(reachable, booked))).move_offer
    assert (offer.appointment_id, offer.patient.name) == (booked.id, booked.patient.name)
    assert (offer.doctor.id, offer.start_time) == (booked.doctor.id, booked.start_time)
    assert (offer.state, offer.sent, offer.expire_time) == (state("OPEN"), False, told.expire_time)
    assert [each.start_time for each in offer.slots] == [each.start_time for each in told.options]
    await answer(reachable, token_of(reachable, booked), told.options[0].start_time)
    assert not (await staff(staff.schedules.ListMoveOffers, request)).offers


async def test_a_time_says_whether_it_is_held_for_an_offer(reachable: Scene) -> None:
    await reachable.book_slot("10:00")
    await offered(reachable)
    mine = await hold(reachable, "11:30", date="2026-03-05")
    found = (await reachable.list()).appointments
    assert {each.id for each in found if each.status == APPOINTMENT_STATUS_HELD and not each.held_for_offer} == {
        mine.id
    }
    assert sum(each.held_for_offer for each in found) == 2
    # Who reads a list that has none of it gets no field of it.
    assert sum(each.HasField("held_for_offer") for each in found) == 2
