"""Every setting, read once at an entry point from `IMAGESIEVE_*` environment variables into one frozen object."""

import os
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.admission import Admission
from shared.errors import SettingsError
from shared.folders import check_target, missing_folders
from shared.paths import absolute, absolute_or_none, below_root
from shared.quiet_hours import QuietHours
from shared.setting_checks import (
    SCHEMES,
    check_auth,
    check_hours,
    check_order,
    check_patterns,
    check_url,
    check_weights,
)
from shared.setting_faults import PREFIX as PREFIX
from shared.setting_faults import sentence
from shared.setting_words import join_folders, split_folders, split_suffixes, split_words
from shared.state_folder import OWN_PREFIX
from shared.suffixes import VIDEOS


def _default_state_dir() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "imagesieve"


AbsolutePath = Annotated[Path, AfterValidator(absolute)]
FolderName = Annotated[str, AfterValidator(absolute_or_none)]
Folders = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_folders)]
KeeperOrder = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_words), AfterValidator(check_order)]
Patterns = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_folders), AfterValidator(check_patterns)]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_words)]
Suffixes = Annotated[frozenset[str], NoDecode, BeforeValidator(split_suffixes)]


class Settings(BaseSettings):
    """The settings. Durations are seconds. The README lists them from the descriptions here; a test compares."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    watch_dir: AbsolutePath = Field(
        Path(),
        description="the watched folder; `up` and `demo` take it as an argument, and `check`, `calibrate` and `doctor` "
        "from the newest report where it is not set",
    )
    state_dir: AbsolutePath = Field(
        default_factory=_default_state_dir, description="where Redis, logs and reports are kept; one `up` at a time"
    )
    index_dir: FolderName = Field(
        "",
        description="folder where the verdict writer keeps its index from one start to the next, 1.5 KiB an image; "
        "empty: under the state folder",
    )
    broker_url: str = Field("", description="Redis for Celery; empty: the embedded one under the state folder")
    store_url: str = Field("", description="Redis for features and records; empty: the embedded one, database 1")

    weights: Annotated[str, AfterValidator(check_weights)] = Field(
        "imagenet",
        description="`imagenet`; a path to Keras's VGG16 weights file; `random` (seeded, for trials); "
        "`auto`: imagenet, or random with a warning where it cannot be downloaded. Where it is not set, `up` and "
        "`demo` take `auto`; `check`, `calibrate` and `doctor` take what described the collection",
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="precision of the forward pass; `auto`: bfloat16 or float16 where the hardware computes in it",
    )
    batch_size: int = Field(
        32, ge=1, le=1024, description="images in one forward pass; a message has room for four times as many"
    )
    feature_encoding: Literal["float16", "int8"] = Field(
        "float16", description="encoding of features in Redis; `int8` takes 2 kB less an image and is rounded a little"
    )
    linger: float = Field(0.1, ge=0, le=60, description="how long a batch that is not full waits for more")
    max_pixels: int = Field(200_000_000, ge=1, description="larger pictures are refused by their header, unread")
    decode_seconds: float = Field(
        60.0, gt=0, description="processor time; a picture that takes longer to decode is refused"
    )
    max_bytes: int = Field(1 << 30, ge=1, description="larger files are refused unread")

    suffixes: Suffixes = Field(
        frozenset("*"),
        description="suffixes of files that are read, separated by blanks or commas; `.`: files without one; `*`: all "
        "that are not of another kind (documents, sounds, archives, sidecars and so on)",
    )
    exact_only: Suffixes = Field(
        VIDEOS,
        description="suffixes of files that are compared by their bytes alone, never decoded and in no cluster; `*`: "
        "all that would be passed over by their suffix; empty: none",
    )
    exclude: Patterns = Field(
        (),
        description="files and folders that are passed over: patterns in gitignore's syntax, separated by `:` (`\\:` "
        "within one), such as `Screenshots/:*.gif:!wanted.gif`",
    )
    observer: Literal["inotify", "polling"] = Field(
        "inotify", description="`polling` for network and some container mounts"
    )
    poll_every: float = Field(5.0, gt=0, description="between two looks of the polling observer")
    empty_folder: Literal["doubt", "believe"] = Field(
        "doubt",
        description="files on record, and nothing in the watched folder: `doubt` takes it for not mounted and forgets "
        "nothing until any file is in it; `believe` forgets them",
    )
    settle: float = Field(1.0, ge=0, description="how long size and mtime must stay the same")
    rescan_every: float = Field(300.0, gt=0, description="between two complete scans of the watched folder")
    quiet_hours: Annotated[str, AfterValidator(check_hours)] = Field(
        "",
        description="hours of the day, by the watcher's clock, in which the backlog rests, such as `08:00-18:00` or "
        "`22:00-07:00`; new files are read at any hour; empty: none",
    )
    backlog_reads_per_second: float = Field(
        0.0, ge=0, description="files of the backlog that all workers together may read in a second; 0: any number"
    )

    proposers: int = Field(
        0,
        ge=0,
        le=256,
        description="processes that look for originals ahead of the verdict writer, whichever machine they run on; "
        "where it is not set, `up` takes one for every four cores, from eight cores on; 0: the writer does that itself",
    )
    near: Literal["usual", "strict"] = Field(
        "usual",
        description="`strict`: only whole, unturned copies and variants are found, and what is cropped, framed, "
        "mirrored or tilted is an image of its own; `check` and `calibrate` take the newest report's where it is not "
        "set",
    )

    recluster_every: float = Field(300.0, gt=0, description="between two looks whether a new generation is due")
    geometry: Literal["cosine", "euclidean"] = Field("cosine", description="distance between features in clusters")
    k: int = Field(0, ge=0, le=1000, description="number of clusters; 0: found by silhouette, elbow and stability")
    k_max: int = Field(
        0,
        ge=0,
        le=1000,
        description="largest number of clusters tried; 0: the root of half the images, from 30 to 100",
    )
    silhouette_sample: int = Field(
        20_000, ge=100, description="above this many images every number of clusters is tried on a sample of this size"
    )
    recluster_memory: int = Field(
        4 << 30,
        ge=1 << 28,
        description="bytes for the arrays of a recluster run; more images than half of it holds (16 KiB each) are "
        "clustered by a sample of that size, and then each image is assigned to a cluster",
    )
    keeper_order: KeeperOrder = Field(
        ("pixels", "holds", "bytes", "oldest", "shortest", "path"),
        description="which file of a group stays, first things first: `pixels` (most), `holds` (more than a picture: a "
        "video, frames, 16 bits, transparency), `bytes` (most), `oldest`, `newest`, `shortest` (path), `path` (first)",
    )
    prefer_folders: Folders = Field(
        (),
        description="folders below the watched one, in order, separated by `:` (`\\:` within a name); of a group, a "
        "file in the first of them stays before all others",
    )
    protect_folders: Folders = Field(
        (), description="likewise; no file in them is ever acted on, and they are preferred before all other folders"
    )
    on_duplicate: Literal["report", "move"] = Field(
        "report",
        description="what follows from a verdict `exact` or `identical`; `move`: the file moves to "
        "`IMAGESIEVE_MOVE_TO` once nothing has stirred for a minute (`imagesieve duplicates restore` brings it back)",
    )
    move_to: FolderName = Field("", description="the folder that duplicates are moved to, outside the watched one")
    keep_generations: int = Field(5, ge=1, description="generations (clusters and reports) that are kept")
    keep_features: float = Field(
        7 * 86400.0, gt=0, description="how long features outlive the last file with their digest"
    )

    visibility_timeout: float = Field(
        100.0, ge=20, description="time after which another worker gets the batch of one that vanished"
    )
    flower_address: str = Field("127.0.0.1", description="where Flower listens")
    flower_port: int = Field(5555, ge=0, le=65535, description="0: any free port")
    flower_auth: Annotated[str, AfterValidator(check_auth)] = Field(
        "", description="`user:password` for Flower and the page; empty: made by `up`, kept in the state folder"
    )
    web: Literal["off", "read", "decide"] = Field(
        "decide",
        description="the page in the browser; `read`: it shows, and nothing can be decided or done there; `off`: `up` "
        "does not start it",
    )
    web_address: str = Field("127.0.0.1", description="where the page is served, behind Flower's user and password")
    web_port: int = Field(5558, ge=0, le=65535, description="0: any free port")
    web_hosts: Words = Field(
        (),
        description="names by which else the page is called, such as that of a proxy in front of it; requests to other "
        "names are refused",
    )
    web_previews: int = Field(
        1 << 29, ge=0, description="bytes for previews of pictures that are kept; those unused for longest go first"
    )
    previews_dir: FolderName = Field(
        "", description="folder where the page keeps them; it may be lost; empty: under the state folder"
    )
    metrics_address: str = Field("127.0.0.1", description="where metrics are served, to anybody who asks")
    metrics_port: int = Field(
        0,
        ge=0,
        le=65534,
        description="port of the watcher's metrics; the verdict writer's have the next port; 0: no metrics",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="how much the processes log")

    @field_validator("prefer_folders", "protect_folders")
    @classmethod
    def _folders_are_below(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return tuple(below_root(name, info.data["watch_dir"]) for name in value)

    @field_validator("broker_url", "store_url")
    @classmethod
    def _url_is_of_redis(cls, value: str, info: ValidationInfo) -> str:
        return check_url(value, SCHEMES[info.field_name or ""])

    @cached_property
    def redis_socket(self) -> Path:
        """Unix socket of the embedded Redis."""
        return self.state_dir / "redis" / "redis.sock"

    @property
    def resting_hours(self) -> QuietHours:
        """When the backlog rests."""
        return QuietHours.parse(self.quiet_hours)

    @cached_property
    def admission(self) -> Admission:
        """Which files of the watched folder are read."""
        return Admission(self.suffixes, self.exclude, self.exact_only)

    @property
    def embedded_redis(self) -> bool:
        """Whether any of the two Redis URLs is left to the embedded server."""
        return not (self.broker_url and self.store_url)

    @property
    def broker(self) -> str:
        """Broker URL in Celery's spelling. Database 0: Flower reads no other on a Unix socket."""
        return self.broker_url or f"redis+socket://{quote(str(self.redis_socket))}?virtual_host=0"

    @property
    def store(self) -> str:
        """Store URL in redis-py's spelling."""
        return self.store_url or f"unix://{quote(str(self.redis_socket))}?db=1"

    def folder_warnings(self) -> list[str]:
        """A sentence for each folder of the rules that is not there: it decides nothing."""
        return [
            missing
            for name in ("protect_folders", "prefer_folders")
            for missing in missing_folders(self.watch_dir, PREFIX + name.upper(), getattr(self, name))
        ]

    def check_protected(self) -> None:
        """Raise SettingsError where a folder that is to be protected is not there: nothing may be acted on then."""
        missing = next(missing_folders(self.watch_dir, f"{PREFIX}PROTECT_FOLDERS", self.protect_folders), "")
        if missing:
            raise SettingsError(f"{missing}. Nothing is acted on until it is right")

    def check_policy(self) -> None:
        """Raise SettingsError where duplicates are to be moved and cannot be."""
        if self.on_duplicate == "move":
            check_target(self.watch_dir, self.move_to)

    @property
    def actions_dir(self) -> Path:
        """Folder with a journal per run of `duplicates apply`."""
        return self.state_dir / "actions"

    @property
    def decisions_dir(self) -> Path:
        """Folder of the journal of decisions: what cannot be computed again."""
        return self.state_dir / "decisions"

    @property
    def index_folder(self) -> Path:
        """Folder of the saved index of the verdicts. Its default name is one that any folder may have in it."""
        return Path(self.index_dir) if self.index_dir else self.state_dir / f"{OWN_PREFIX}index"

    @property
    def previews_folder(self) -> Path:
        """Folder of the previews that the page in the browser keeps."""
        return Path(self.previews_dir) if self.previews_dir else self.state_dir / "previews"

    @property
    def reports_dir(self) -> Path:
        """Folder with a folder per generation, and `latest`."""
        return self.state_dir / "reports"

    def environment(self) -> dict[str, str]:
        """The settings as environment variables, for processes started by this one."""
        values = self.model_dump(mode="json")
        for name in ("suffixes", "exact_only"):
            values[name] = " ".join(sorted(values[name]))
        for name in ("keeper_order", "web_hosts"):
            values[name] = " ".join(values[name])
        for name in ("prefer_folders", "protect_folders", "exclude"):
            values[name] = join_folders(values[name])
        return {PREFIX + name.upper(): str(value) for name, value in values.items()}


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; `overrides` (from the command line) win. Raises SettingsError with one sentence per fault."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError("; ".join(sentence(fault, Settings.model_fields) for fault in error.errors())) from error
