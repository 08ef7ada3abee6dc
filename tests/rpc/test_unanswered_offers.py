"""Staff see which offers to move are not answered yet."""

from tests.fixtures.clinic import Scene
from tests.fixtures.notices import reachable as reachable  # noqa: PLC0414  # a fixture
from tests.rpc.test_answers_by_link import shown, token_of
from tests.rpc.test_move_offers import answer, offered, state
from yoyaku.v1 import schedule_service_pb2 as pb


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
