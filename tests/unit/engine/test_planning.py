"""Plans and refusals: levels are never claimed beyond what an overwrite reaches."""

from dataclasses import replace

import pytest

from agent.engine.pass_sets import PASS_SETS, find_pass_set
from agent.engine.planning import make_plan
from agent.errors import UsageError
from agent.model.drive import Exclusion, ExclusionReason, HiddenAreas, HiddenAreaState, MediaType
from agent.model.firmware import (
    CommandState,
    DeviceStatus,
    FirmwareReading,
    FoundObstacle,
    Obstacle,
    TechniqueOffer,
)
from agent.model.passes import PassKind
from agent.model.sanitization import Method, Plan, Policy, Refusal, Technique, VerificationKind
from tests.plan_cases import PLAN_CASES

from .fakes import make_drive, make_identity

MULTI = [p.name for p in PASS_SETS if len(p.passes) > 1]
FLASH = [MediaType.SOLID_STATE, MediaType.EMBEDDED_FLASH, MediaType.REMOVABLE_FLASH]


def bytes_of(name: str) -> list[str]:
    return ["random" if p.kind is PassKind.RANDOM else p.pattern_hex for p in find_pass_set(name).passes]


def test_pass_sets_are_those_of_their_sources():
    assert bytes_of("random") == ["random"]
    assert bytes_of("zeros") == ["00"]
    assert bytes_of("ones") == ["ff"]
    assert bytes_of("dod-3") == ["00", "ff", "random"]
    assert bytes_of("hmg-is5-enhanced") == ["00", "ff", "random"]
    assert bytes_of("vsitr-7") == ["00", "ff", "00", "ff", "00", "ff", "aa"]
    assert bytes_of("schneier-7") == ["ff", "00", *["random"] * 5]
    assert len({p.name for p in PASS_SETS}) == len(PASS_SETS)
    assert all(p.source for p in PASS_SETS)


def test_unknown_names_list_the_known_ones():
    with pytest.raises(UsageError) as caught:
        find_pass_set("gost")
    assert all(p.name in caught.value.remedy for p in PASS_SETS)
    with pytest.raises(UsageError) as caught:
        make_plan(make_drive(), Policy(technique="crypto"))
    assert "auto, overwrite" in caught.value.remedy


@pytest.mark.parametrize("technique", ["auto", "overwrite"])
@pytest.mark.parametrize("media_type", MediaType)
@pytest.mark.parametrize("name", [p.name for p in PASS_SETS])
def test_an_overwrite_reaches_clear_and_flash_takes_one_pass(technique, media_type, name):
    plan = make_plan(make_drive(media_type=media_type), Policy(technique=technique, pass_set=name))
    if media_type in FLASH and name in MULTI:
        assert isinstance(plan, Refusal)
        assert any("NIST SP 800-88r2 FAQ Q6" in r for r in plan.reasons)
        return
    assert isinstance(plan, Plan)
    assert plan.technique is Technique.OVERWRITE
    assert plan.level_reached is Method.CLEAR
    assert any("Clear" in r for r in plan.reasons)
    assert plan.not_covered


def test_purge_is_refused_with_its_reason():
    refusal = make_plan(make_drive(), Policy(required=Method.PURGE))
    assert isinstance(refusal, Refusal)
    assert refusal.reasons == ("an overwrite reaches Clear, Purge is required",)


@pytest.mark.parametrize("reason", ExclusionReason)
def test_excluded_drives_are_refused_with_each_reason(reason):
    drive = make_drive(exclusions=(Exclusion(reason, "detail"), Exclusion(ExclusionReason.HELD)))
    refusal = make_plan(drive, Policy())
    assert isinstance(refusal, Refusal)
    assert refusal.reasons == (f"{reason.value}: detail", "held by another device")


def test_hidden_areas():
    def plan_with(state, accessible=None, native=None):
        return make_plan(make_drive(hidden_areas=HiddenAreas(state, accessible, native)), Policy())

    present = plan_with(HiddenAreaState.PRESENT, 1000, 1500)
    assert isinstance(present, Refusal)
    assert "(500 sectors)" in present.reasons[0]
    unknown = plan_with(HiddenAreaState.NOT_EXAMINED)
    assert isinstance(unknown, Plan)
    assert any("not examined" in line for line in unknown.not_covered)
    none = plan_with(HiddenAreaState.NONE_FOUND)
    assert isinstance(none, Plan)
    assert not any("hidden" in line for line in none.not_covered)


@pytest.mark.parametrize(
    ("size", "sector"), [(0, 512), (-512, 512), (1000, 512), (512 * 3, 4096), (512, 0), (520, 520)]
)
def test_impossible_sizes_are_refused(size, sector):
    assert isinstance(make_plan(make_drive(identity=make_identity(size, sector)), Policy()), Refusal)


def test_the_plan_says_how_it_is_read_back():
    full = make_plan(make_drive(), Policy())
    sampled = make_plan(make_drive(), Policy(verification=VerificationKind.SAMPLED, pass_set="zeros"))
    assert any("every byte is read back" in r for r in full.reasons)
    assert any("sample" in r for r in sampled.reasons)
    assert any("alias" in r for r in full.reasons + sampled.reasons)
    assert sampled.verification is VerificationKind.SAMPLED


# PSID --------------------------------------------------------------------------------------------------------

REVERT = TechniqueOffer(
    Technique.OPAL_PSID_REVERT, remarks=("needs the PSID that is printed on the drive's label",)
)
FORMAT = TechniqueOffer(Technique.NVME_FORMAT_USER_DATA_ERASE, None, ("00", "ff"))
BLOCK = TechniqueOffer(Technique.NVME_SANITIZE_BLOCK_ERASE, 2, ("00", "ff"))


def psid_plan(*offers, has_psid, media_type=MediaType.SOLID_STATE, obstacles=(), **policy):
    reading = FirmwareReading(offers, obstacles, DeviceStatus(CommandState.NEVER, ()), (), ())
    return make_plan(make_drive(media_type=media_type), Policy(**policy), firmware=reading, has_psid=has_psid)


def techniques(plan):
    assert isinstance(plan, Plan)
    return [rung.technique for rung in plan.rungs]


def test_a_revert_is_in_no_plan_unless_its_psid_was_typed():
    assert Technique.OPAL_PSID_REVERT not in techniques(psid_plan(REVERT, FORMAT, BLOCK, has_psid=False))
    refused = psid_plan(REVERT, has_psid=False, technique="opal psid revert")
    assert isinstance(refused, Refusal)
    assert "PSID has not been typed" in refused.reasons[0]
    not_offered = psid_plan(FORMAT, has_psid=True, technique="opal psid revert")
    assert isinstance(not_offered, Refusal)


def test_a_revert_that_was_asked_for_comes_after_the_others_of_its_level_and_before_the_overwrite():
    plan = psid_plan(REVERT, FORMAT, BLOCK, has_psid=True)
    assert techniques(plan) == [BLOCK.technique, FORMAT.technique, REVERT.technique, Technique.OVERWRITE]
    disk = psid_plan(REVERT, has_psid=True, media_type=MediaType.HARD_DISK)
    assert techniques(disk) == [REVERT.technique, Technique.OVERWRITE]
    assert techniques(psid_plan(REVERT, BLOCK, has_psid=True, technique="opal psid revert")) == [REVERT.technique]


def test_a_revert_is_clear_whatever_is_required():
    plan = psid_plan(REVERT, has_psid=True)
    assert plan.level_reached is Method.CLEAR
    assert any("opal psid revert was asked for" in r for r in plan.reasons)
    assert isinstance(psid_plan(REVERT, has_psid=True, required=Method.PURGE), Refusal)


@pytest.mark.parametrize("has_psid", [True, False])
def test_a_locked_drive_has_no_plan_before_its_revert(has_psid):
    locked = FoundObstacle(Obstacle.OPAL_LOCKED, "", tuple(t for t in Technique if t is not REVERT.technique))
    refused = psid_plan(REVERT, FORMAT, has_psid=has_psid, obstacles=(locked,))
    assert isinstance(refused, Refusal)
    assert "PSID on its label" in refused.reasons[0]


@pytest.mark.parametrize("required", [Method.CLEAR, Method.PURGE])
def test_one_command_for_several_namespaces_is_not_used_and_what_is_given_up_is_said(required):
    case = next(c for c in PLAN_CASES if c.name == "NVMe with sanitize and a second namespace")
    plan = make_plan(case.drive, Policy(required=required), firmware=case.firmware)
    assert "its own erase would erase /dev/nvme0n2 too, and is not used" in plan.reasons
    assert (
        "nvme sanitize block erase would reach Purge, for all of them together; here each is confirmed and erased by itself"
        in plan.reasons
    )
    if required is Method.PURGE:
        assert isinstance(plan, Refusal)
    else:
        assert (plan.technique, plan.level_reached) == (Technique.OVERWRITE, Method.CLEAR)


def test_nothing_is_given_up_where_the_command_reaches_no_more_than_an_overwrite():
    case = next(c for c in PLAN_CASES if c.name == "self-encrypting NVMe that only changes its key")
    shared = replace(case.firmware, also_hit=("/dev/nvme0n2",))
    plan = make_plan(case.drive, Policy(), firmware=shared)
    assert not any("would reach" in reason for reason in plan.reasons)


def test_hidden_areas_that_nobody_examined_are_a_caution_of_every_technique():
    case = next(c for c in PLAN_CASES if c.name == "SATA SSD")
    drive = replace(case.drive, hidden_areas=HiddenAreas(HiddenAreaState.NOT_EXAMINED))
    plan = make_plan(drive, Policy(), firmware=case.firmware)
    assert isinstance(plan, Plan)
    assert [r.technique.by_firmware for r in plan.ladder] == [True, True, False]
    for rung in plan.ladder:
        assert "hidden areas (HPA, DCO, AMA): not examined" in rung.not_covered
