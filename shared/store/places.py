"""The sets of paths in Redis: its record puts every path into exactly one, so that counting is constant cost."""

from typing import Final

from shared.records import Record, State, Verdict
from shared.store import keys

UNJUDGED: Final = "unjudged"
BACKLOG: Final = "backlog"

# What a record says of its file -> the set of such files.
PLACES: Final = {
    State.PENDING.value: keys.KEY_PENDING,
    BACKLOG: keys.KEY_BACKLOG,
    State.FAILED.value: keys.KEY_FAILED,
    UNJUDGED: keys.KEY_UNJUDGED,
    **{verdict.value: keys.key_verdict(verdict) for verdict in Verdict if verdict is not Verdict.FAILED},
}

# The same for a record as it lies in Redis, as a function in Lua. Quotes within a value are escaped, so that a name or
# a reason cannot pass for a field.
PLACE_IN_LUA: Final = """
local function place(raw)
  local state = string.match(raw, '"state":"(%a+)"')
  if state == 'pending' then return string.match(raw, '"since":') and 'pending' or 'backlog' end
  if state ~= 'ready' then return 'failed' end
  return string.match(raw, '"verdict":"(%a+)"') or 'unjudged'
end
"""


def place_of(record: Record) -> str:
    """The name, in PLACES, of the set that a path with this record belongs to."""
    if record.is_held:
        return BACKLOG
    return record.state.value if record.state is not State.READY else record.verdict or UNJUDGED
