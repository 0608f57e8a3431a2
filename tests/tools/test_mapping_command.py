"""`facewire mapping` as a person types it: list, show, check, export, new."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from facewire.mapping.reading import read_table
from facewire.mapping.shipped import shipped_names
from facewire.protocol.errors import MappingError
from facewire.tools.mapping import mapping
from facewire.tools.mapping.starter import input_called


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, exit_code: int = 0) -> str:
    result = CliRunner().invoke(mapping, arguments, catch_exceptions=False, standalone_mode=False)
    code = result.return_value if isinstance(result.return_value, int) else result.exit_code
    assert code == exit_code, result.output
    return result.stdout


def asked(*arguments: str, exit_code: int = 0) -> Any:
    return json.loads(run(*arguments, "--json", exit_code=exit_code))


def typed(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "facewire", "mapping", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def write(name: str, **changes: Any) -> str:
    whole = {
        "schema": "facewire-mapping/1", "name": "mine", "version": "1.0.0", "mouth_close": "any",
        "curves": [{"name": "open", "from": {"jawOpen": 1}}], **changes,
    }  # fmt: skip
    Path(name).write_text(json.dumps(whole))
    return name


def test_list_has_a_line_for_every_table() -> None:
    lines = run("list").splitlines()

    assert [line.split()[0] for line in lines[1:]] == list(shipped_names())
    (arkit,) = [line for line in lines if line.startswith("arkit ")]
    assert arkit.split()[1:4] == ["52", "52/71", "any"]


def test_list_as_json_counts_curves_and_what_is_read_back() -> None:
    tables = {each["name"]: each for each in asked("list")["tables"]}

    assert set(tables) == set(shipped_names())
    assert tables["arkit"].items() >= {
        "curves": 52, "inputs_used": 52, "inputs": 71, "read_back": 52, "mouth_close": "any",
    }.items()  # fmt: skip
    assert tables["metahuman"]["title"]


def test_show_tells_how_each_curve_is_made_and_what_goes_nowhere() -> None:
    shown = run("show", "metahuman")

    assert "251 curves" in shown
    assert "CTRL_expressions_eyeBlinkL " in shown
    assert "At rest (" in shown
    assert "Go nowhere (" in shown
    told = asked("show", "metahuman")
    curve = {each["name"]: each for each in told["curves"]}["CTRL_expressions_eyeBlinkL"]
    assert curve["from"] == {"eyeBlinkLeft": 1.0}
    assert curve["mirror"] == "CTRL_expressions_eyeBlinkR"


def test_show_writes_every_kind_of_rule_as_a_formula() -> None:
    path = write("mine.json", curves=[
        {"name": "mix", "from": {"jawOpen": -0.5, "cheekPuff": 1}, "offset": -0.25,
         "ratio": {"of": "mouthClose", "to": "jawOpen", "gain": 2}, "range": [-1, 2]},
        {"name": "bent", "from": {"jawOpen": 1}, "response": [[0, 0], [1, 0.5]], "range": None},
        {"name": "look", "from": {"eyeLookInLeft": 1, "eyeYawLeft": 0.025}},
        {"name": "sil"},
    ], shares=[{"curves": ["mix", "bent"], "limit": 1, "rest": "sil"}])  # fmt: skip

    shown = run("show", path)

    assert "mix   - 0.5 jawOpen + cheekPuff + 2 [mouthClose / max(jawOpen, 0.05)] - 0.25" in shown
    assert "in -1 to 2" in shown
    assert "bent  jawOpen  bent 0:0 1:0.5  no limits" in shown
    assert "look  eyeLookInLeft + 0.025 eyeYawLeft  (the angles when there are any" in shown
    assert "Sum of mix, bent held to 1, what is left goes to sil." in shown


def test_show_of_a_rigs_curve_tells_its_rule_its_source_and_its_other_side() -> None:
    shown = run("show", "metahuman", "ctrl_expressions_eyeblinkl")

    assert "CTRL_expressions_eyeBlinkL = eyeBlinkLeft" in shown
    assert "its other side is CTRL_expressions_eyeBlinkR" in shown


def test_show_of_an_input_tells_where_it_goes_and_how_it_comes_back() -> None:
    shown = run("show", "metahuman", "EyeBlinkLeft")
    assert "eyeBlinkLeft (a weight, 0 to 1) goes to\n    CTRL_expressions_eyeBlinkL" in shown
    assert "is read back as CTRL_expressions_eyeBlinkL" in shown

    together = run("show", "metahuman", "mouthClose")
    assert "is read back as CTRL_expressions_mouthLipsTogetherUL x max(jawOpen, 0.05)" in together

    dropped = run("show", "arkit", "tongueUp")
    assert "no curve: " in dropped
    assert "cannot be read back" in dropped
    assert "(1 is 50 degrees)" in run("show", "arkit_head", "headYaw")


def test_show_of_a_name_both_have_tells_both() -> None:
    told = asked("show", "arkit", "jawOpen")

    assert told["curve"]["recipe"] == "jawOpen"
    assert told["input"]["goes_to"] == ["jawOpen"]


def test_show_of_nothing_names_the_nearest() -> None:
    with pytest.raises(MappingError, match="Did you mean 'CTRL_expressions_eyeBlinkL'"):
        run("show", "metahuman", "CTRL_expression_eyeBlinkL")
    with pytest.raises(MappingError, match="Did you mean 'jawOpen'"):
        run("show", "metahuman", "jawopne")
    with pytest.raises(MappingError, match="Did you mean 'metahuman'"):
        run("show", "meta_human")


def test_check_of_all_shipped_tables_passes_and_sums_up() -> None:
    lines = run("check").splitlines()

    passed = [line.split(": ")[1] for line in lines if line.startswith("ok: ")]
    assert passed == list(shipped_names())
    (arkit,) = [line for line in lines if line.startswith("ok: arkit: ")]
    assert arkit.endswith("52 curves, 52 of 71 inputs used, 52 can be read back, sums within range")
    (metahuman,) = [line for line in lines if line.startswith("ok: metahuman: ")]
    assert "except CTRL_expressions_" in metahuman
    assert metahuman.endswith("(acknowledged)")


def test_check_of_an_incomplete_table_fails_and_says_what_it_lacks() -> None:
    path = write("mine.json")

    shown = run("check", path, "arkit", exit_code=1)

    assert "error: mine.json: open: It does not say where its numbers come from" in shown
    assert shown.count("It reaches no curve") == 1
    assert "error: mine.json: eyeBlinkLeft, eyeLookDownLeft, " in shown
    assert ", headYaw: It reaches no curve" in shown
    assert "ok: mine.json" not in shown
    assert "ok: arkit" in shown


def test_check_of_a_file_that_is_no_table_fails_once_and_goes_on() -> None:
    Path("broken.json").write_text('{"schema": "facewire-mapping/1",\n "name": "x",}')

    told = asked("check", "broken.json", "arkit", exit_code=1)

    broken, arkit = told["tables"]
    assert not broken["ok"]
    assert "line 2" in broken["findings"][0]["text"]
    assert arkit["ok"]
    assert arkit["summary"]["curves"] == 52
    assert run("check", "broken.json", exit_code=1).count("broken.json") == 1


def test_check_exits_with_one_for_the_shell_and_names_the_nearest_curve() -> None:
    path = write("mine.json", curves=[{"name": "open", "from": {"jawOpne": 1}}])

    done = typed("check", path)

    assert done.returncode == 1
    assert "curve 'open', key 'from': there is no input" in done.stdout
    assert "Did you mean 'jawOpen'?" in done.stdout


def test_export_writes_a_rigmapper_definition() -> None:
    told = asked("export", "metahuman", "--format", "rigmapper", "-o", "out/rm.json")

    written = json.loads(Path("out/rm.json").read_text())
    assert told["output"] == "out/rm.json"
    assert "CTRL_expressions_eyeBlinkL" in json.dumps(written)
    done = typed("export", "arkit", "--format", "rigmapper", "-o", "-")
    assert "jawOpen" in json.loads(done.stdout)["outputs"]


def test_new_without_names_is_the_arkit_face_and_passes_the_check() -> None:
    run("new", "mine", "-o", "mine.json")

    made = read_table("mine.json")
    assert len(made.curves) == 52
    assert run("check", "mine.json").startswith("ok: mine.json: 52 curves")


def test_new_finds_the_inputs_that_the_rigs_names_mean() -> None:
    names = ["head.eyeBlink_L", "head.eyeBlink_R", "Jaw_Open", "Head Yaw", "Pickle", "", "Ear_L"]
    Path("names.txt").write_text("\n".join(names) + "\n", encoding="utf-8-sig")

    told = asked("new", "mine", "-o", "mine.json", "--curves", "names.txt")

    made = read_table("mine.json")
    assert made.names == tuple(name for name in names if name)
    assert [rule.terms[0].input for rule in made.curves if rule.terms] == [
        "eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "headYaw",
    ]  # fmt: skip
    assert told["at_rest"] == ["Pickle", "Ear_L"]
    assert "cheekPuff" in told["drops"]
    assert run("check", "mine.json").startswith("ok: mine.json: 6 curves")


def test_check_of_a_file_lists_what_rests_and_what_goes_nowhere() -> None:
    Path("names.txt").write_text("jawOpen\nPickle\nEar\n")
    run("new", "mine", "-o", "mine.json", "--curves", "names.txt")

    shown = run("check", "mine.json", "metahuman")

    assert "    at rest: Pickle, Ear\n" in shown
    assert "    go nowhere: eyeBlinkLeft, " in shown
    assert shown.count("at rest") == 1
    summary = asked("check", "mine.json")["tables"][0]["summary"]
    assert summary["at_rest"] == ["Pickle", "Ear"]
    assert "jawOpen" not in summary["drops"]


def test_a_rule_written_into_a_new_table_leaves_no_error() -> None:
    Path("names.txt").write_text("Smile_L\nSmile_R\nPucker\nEar_L\nPuff_Up\n")
    run("new", "mine", "-o", "mine.json", "--curves", "names.txt")

    text = Path("mine.json").read_text()
    assert [
        re.findall(r'"from": {"(.*)": 1}', rule.why) for rule in read_table("mine.json").curves
    ] == [
        ["mouthSmileLeft"], ["mouthSmileRight"], ["mouthPucker"], [], [],
    ]  # fmt: skip
    for side, name in (("L", "mouthSmileLeft"), ("R", "mouthSmileRight")):
        text = text.replace(f'"Smile_{side}", ', f'"Smile_{side}", "from": {{"{name}": 1}}, ')
    Path("mine.json").write_text(text)
    shown = run("check", "mine.json")
    assert "warning: mine.json: mouthSmileLeft, mouthSmileRight: It is in 'drops'" in shown
    assert "ok: mine.json" in shown
    assert "mouthSmileLeft" not in shown.partition("go nowhere: ")[2]


def test_new_does_not_replace_a_table_that_is_there_unless_forced() -> None:
    Path("mine.json").write_text("work of days")

    with pytest.raises(MappingError, match="is there already") as raised:
        run("new", "mine", "-o", "mine.json")
    assert "--force" in raised.value.hint
    assert Path("mine.json").read_text() == "work of days"
    run("new", "mine", "-o", "mine.json", "--force")
    assert read_table("mine.json").name == "mine"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("EyeBlinkLeft", "eyeBlinkLeft"), ("eyeBlink_L", "eyeBlinkLeft"),
        ("L_eye_blink", "eyeBlinkLeft"), ("Eye_Blink_R", "eyeBlinkRight"),
        ("A14_Eye_Blink_Left", "eyeBlinkLeft"), ("blendShape1.jawOpen", "jawOpen"),
        ("CTRL_expressions_mouthClose", "mouthClose"), ("MOUTH_PUCKER", "mouthPucker"),
        ("tongueUp", "tongueUp"), ("jaw", None), ("Open", None), ("blink", None), ("口", None),
    ],
)  # fmt: skip
def test_a_curves_name_is_matched_whatever_its_spelling(name: str, meant: str | None) -> None:
    assert input_called(name) == meant


def test_new_refuses_names_that_make_no_table() -> None:
    Path("twice.txt").write_text("jawOpen\nJawOpen\n")
    with pytest.raises(MappingError, match="there twice"):
        run("new", "mine", "-o", "mine.json", "--curves", "twice.txt")
    assert not Path("mine.json").exists()

    Path("empty.txt").write_text("\n \n")
    with pytest.raises(MappingError, match="holds no names"):
        run("new", "mine", "-o", "mine.json", "--curves", "empty.txt")
    Path("latin.txt").write_bytes("Öhr\n".encode("latin-1"))
    with pytest.raises(MappingError, match="not UTF-8"):
        run("new", "mine", "-o", "mine.json", "--curves", "latin.txt")
    with pytest.raises(MappingError, match="small letters"):
        run("new", "My Rig", "-o", "mine.json")


def test_help_of_the_group_loads_no_numpy() -> None:
    program = (
        "import sys\nfrom facewire.tools.cli import main\n"
        "try:\n    main(['mapping', '--help'])\nexcept SystemExit:\n    pass\n"
        "print('numpy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "False"
    assert "convert" in done.stdout


def test_no_word_of_a_table_steers_the_terminal() -> None:
    odd = "\x1b[2J\x9b31m\x07"
    told = {"name": "x", "from": {"jawOpen": 1}, "by": "s", "why": odd}
    table = {
        "schema": "facewire-mapping/1", "name": "x", "version": "1.0.0", "mouth_close": "any",
        "title": odd, "about": odd, "sources": {"s": odd}, "curves": [told],
    }  # fmt: skip
    Path("x.json").write_text(json.dumps(table))

    for arguments in (["show", "x.json"], ["show", "x.json", "x"]):
        shown = CliRunner().invoke(mapping, arguments, color=True).output
        assert "\\x1b[2J" in shown
        assert not [each for each in ("\x1b[2J", "\x9b", "\x07") if each in shown]
