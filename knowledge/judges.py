"""Judge definitions: what answers which criterion of which rubric version, as signed YAML files beside the rubrics.

A version is never edited: each is a file of its own, `judges/<id>.v<version>.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..model.errors import BadInputError
from ..model.fields import record_of
from ..model.reviews import SignatureState
from ..model.text.display import safe_line
from ..model.traces import JsonValue
from .plaintext import plain_line, plain_text
from .rubrics import SLUG

GUIDANCE_LIMIT = 2_000
_Name = Annotated[str, Field(max_length=200)]
_ONE_OF = ("model", "signal", "function", "probe")


class _JudgeFields(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str = Field(pattern=SLUG, max_length=60)
    version: int = Field(ge=1)
    rubric: str = Field(pattern=SLUG, max_length=80)
    rubric_version: int = Field(ge=1)
    criterion: str = Field(pattern=SLUG, max_length=80)
    model: _Name = ""
    signal: _Name = ""
    function: _Name = ""
    probe: bool = False
    guidance: str = Field(default="", max_length=GUIDANCE_LIMIT)
    query: str = Field(default="", max_length=2_000)

    @model_validator(mode="after")
    def _one(self) -> _JudgeFields:
        if sum(bool(getattr(self, name)) for name in _ONE_OF) != 1:
            raise ValueError(f"a judge is exactly one of {', '.join(_ONE_OF)}")
        if self.guidance and not self.model:
            raise ValueError("guidance is for a model; this judge has none")
        return self


@dataclass(frozen=True, slots=True)
class JudgeDefinition:
    """One version of a judge as it is written down."""

    id: str
    version: int
    rubric: str
    rubric_version: int
    criterion: str
    model: str = ""
    signal: str = ""
    function: str = ""
    """`module:function` of the project; run by a person's command alone."""
    probe: bool = False
    guidance: str = ""
    """What a model is told beside the criterion."""
    query: str = ""
    """The runs that it is for, as a search line."""
    state: SignatureState = SignatureState.UNSIGNED

    @property
    def name(self) -> str:
        """Of its file: `refund-window.v2`."""
        return f"{self.id}.v{self.version}"

    @property
    def answers_by(self) -> str:
        """What answers, in a few words."""
        if self.model or self.signal:
            return self.model or f"signal {self.signal}"
        return f"function {self.function}" if self.function else "what verdicts taught"


def judge_from_content(content: Mapping[str, Any], *, source: str = "judge") -> JudgeDefinition:
    """A definition from its content, signature left out.

    Raises:
        BadInputError: one line per mistake.
    """
    try:
        fields = _JudgeFields.model_validate(dict(content))
    except ValidationError as err:
        told = [
            f"{source}: {safe_line('.'.join(map(str, mistake['loc'])), 80) or 'judge'}: {mistake['msg']}"
            for mistake in err.errors(include_url=False)[:5]
        ]
        raise BadInputError("\n".join(told), where=source) from None
    return JudgeDefinition(**fields.model_dump())


def judge_content(judge: JudgeDefinition) -> dict[str, JsonValue]:
    """The content as it is written and signed; empty parts are left out."""
    return {name: value for name, value in record_of(judge, leave_out=("state",)).items() if value}


def clean_judge(judge: JudgeDefinition) -> JudgeDefinition:
    """The definition with every text made visible and inert."""
    plain = replace(judge, guidance=plain_text(judge.guidance), query=plain_line(judge.query))
    return judge_from_content(judge_content(plain))
