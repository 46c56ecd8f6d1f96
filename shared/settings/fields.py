"""The settings, one field each; docs/settings.md lists them from the descriptions here, and a test compares."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from shared.collection import usual_place
from shared.paths import below_root
from shared.setting_checks import KEEPER_FORMATS, SCHEMES, check_url
from shared.settings.kinds import (
    AbsolutePath,
    Auth,
    Duration,
    FolderName,
    Folders,
    Hours,
    KeeperFormats,
    KeeperOrder,
    Patterns,
    Size,
    Suffixes,
    Weights,
    Words,
)
from shared.suffixes import VIDEOS


class Fields(BaseModel):
    """What may be set. Durations are seconds, sizes are bytes."""

    model_config = ConfigDict(frozen=True, validate_default=True)

    watch_dir: AbsolutePath = Field(
        Path(),
        description="the watched folder; `up` and `demo` take it as an argument; if not set, the collection's, by "
        "its newest report or its state folder",
    )
    state_dir: AbsolutePath = Field(
        default_factory=usual_place,
        description="where Redis, logs and reports are kept; one `up` at a time. `--state` goes before it; if "
        "neither is given, each collection has its own, found by the folder",
    )
    index_dir: FolderName = Field(
        "",
        description="where the verdict writer keeps its index between starts, 1.5 KiB an image; empty: in the state "
        "folder",
    )
    decisions_dir: FolderName = Field(
        "", description="where your decisions on duplicates are kept; empty: in the state folder"
    )
    broker_url: str = Field("", description="Redis for Celery; empty: the embedded one")
    store_url: str = Field("", description="Redis for features and records; empty: the embedded one, database 1")

    weights: Weights = Field(
        "imagenet",
        description="`imagenet`; a path to Keras's VGG16 weights file; `random` (seeded, for trials); `auto`: "
        "imagenet, or random with a warning if it cannot be downloaded. If not set, `up` and `demo` take `auto`; "
        "`check`, `calibrate` and `doctor` what described the collection",
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="precision of the forward pass; `auto`: whichever this hardware computes fastest",
    )
    batch_size: int = Field(
        32, ge=1, le=1024, description="images in one forward pass; a message has room for four times as many"
    )
    feature_encoding: Literal["float16", "int8"] = Field(
        "float16", description="how features are stored in Redis; `int8` takes 2 kB less an image and rounds a little"
    )
    linger: Duration = Field(0.1, ge=0, le=60, description="how long a batch waits to be filled")
    max_pixels: int = Field(200_000_000, ge=1, description="pictures with more are refused by their header, unread")
    decode_seconds: Duration = Field(
        60.0, gt=0, description="processor time; a picture that takes longer to decode is refused"
    )
    max_bytes: Size = Field(1 << 30, ge=1, description="larger files are refused unread")

    suffixes: Suffixes = Field(
        frozenset("*"),
        description="suffixes of files that are read, separated by blanks or commas; `.`: files without one; `*`: "
        "all but other kinds (documents, sounds, archives, sidecars and so on)",
    )
    exact_only: Suffixes = Field(
        VIDEOS,
        description="suffixes of files compared by their bytes alone, never decoded and in no cluster; `*`: all "
        "that would be passed over by suffix; empty: none",
    )
    exclude: Patterns = Field(
        (),
        description="files and folders to pass over: patterns in gitignore's syntax, separated by `:` (`\\:` within "
        "one), such as `Screenshots/:*.gif:!wanted.gif`",
    )
    observer: Literal["inotify", "polling"] = Field(
        "inotify", description="`polling` for network and some container mounts"
    )
    poll_every: Duration = Field(5.0, gt=0, description="time between two looks of the polling observer")
    empty_folder: Literal["doubt", "believe"] = Field(
        "doubt",
        description="when the watched folder, which had files, is empty: `doubt` takes it for not mounted and "
        "forgets nothing until a file is in it; `believe` forgets them",
    )
    settle: Duration = Field(1.0, ge=0, description="how long size and mtime must stay the same")
    rescan_every: Duration = Field(300.0, gt=0, description="time between two complete scans of the watched folder")
    quiet_hours: Hours = Field(
        "",
        description="hours, by the watcher's clock, when the backlog rests, such as `08:00-18:00` or `22:00-07:00`; "
        "new files are read at any hour",
    )
    backlog_reads_per_second: float = Field(
        0.0, ge=0, description="files of the backlog that all workers together may read a second; 0: any number"
    )

    proposers: int = Field(
        0,
        ge=0,
        le=256,
        description="processes that look for originals ahead of the verdict writer, on any machine; 0: the writer "
        "does it itself; if not set, `up` takes one for every four cores, from eight cores on",
    )
    near: Literal["usual", "strict"] = Field(
        "usual",
        description="`strict`: only whole, unturned copies and variants are found; what is cropped, framed, "
        "mirrored or tilted is an image of its own. If not set, `check` and `calibrate` take the newest report's",
    )

    recluster_every: Duration = Field(300.0, gt=0, description="time between two looks whether a new report is due")
    geometry: Literal["cosine", "euclidean"] = Field("cosine", description="distance between features in clusters")
    k: int = Field(0, ge=0, le=1000, description="number of clusters; 0: found by silhouette, elbow and stability")
    k_max: int = Field(
        0,
        ge=0,
        le=1000,
        description="largest number of clusters tried; 0: the root of half the images, from 30 to 100",
    )
    silhouette_sample: int = Field(
        20_000, ge=100, description="above so many images each number of clusters is tried on a sample of so many"
    )
    recluster_memory: Size = Field(
        4 << 30,
        ge=1 << 28,
        description="for the arrays of a recluster run; of more images than half of it holds (16 KiB each) a sample "
        "is clustered, and each image then assigned to a cluster",
    )
    keeper_order: KeeperOrder = Field(
        ("undamaged", "pixels", "holds", "format", "metadata", "sharpness", "bytes", "companions", "name", "depth",
         "oldest", "shortest", "path"),
        description="which file of a group stays, first things first, by words that docs/acting.md explains; also "
        "`newest`",
    )  # fmt: skip
    keeper_formats: KeeperFormats = Field(
        KEEPER_FORMATS,
        description="the order of `format` among them, likewise; others stand last",
    )
    prefer_folders: Folders = Field(
        (),
        description="folders below the watched one, in order, separated by `:` (`\\:` within a name); of a group, "
        "the file in the first of them stays",
    )
    protect_folders: Folders = Field(
        (), description="likewise; no file in them is ever acted on, and they are preferred to all others"
    )
    on_duplicate: Literal["report", "move"] = Field(
        "report",
        description="`move`: an `exact` or `identical` file moves to `IMAGESIEVE_MOVE_TO` once nothing has stirred "
        "for a minute (`imagesieve duplicates restore` brings it back)",
    )
    move_to: FolderName = Field("", description="the folder that duplicates are moved to, outside the watched one")
    keep_generations: int = Field(5, ge=1, description="generations (clusters and reports) to keep")
    keep_features: Duration = Field(
        7 * 86400.0, gt=0, description="how long features outlive the last file with their digest"
    )

    visibility_timeout: Duration = Field(
        100.0, ge=20, description="when another worker gets the batch of one that vanished"
    )
    flower_address: str = Field("127.0.0.1", description="where Flower listens")
    flower_port: int = Field(5555, ge=0, le=65535, description="0: any free port")
    flower_auth: Auth = Field(
        "", description="`user:password` for Flower and the page; empty: `up` makes one, in the state folder"
    )
    web: Literal["off", "read", "decide"] = Field(
        "decide",
        description="the page in the browser; `read`: it only shows; `off`: `up` does not start it",
    )
    web_address: str = Field("127.0.0.1", description="where the page is served, behind Flower's user and password")
    web_port: int = Field(5558, ge=0, le=65535, description="0: any free port")
    web_hosts: Words = Field(
        (),
        description="further names of the page, such as that of a proxy in front of it; requests to other names are "
        "refused",
    )
    web_previews: Size = Field(1 << 29, ge=0, description="for previews of pictures; those unused for longest go first")
    previews_dir: FolderName = Field(
        "", description="where the page keeps them; may be lost; empty: in the state folder"
    )
    metrics_address: str = Field("127.0.0.1", description="where metrics are served, to anybody who asks")
    metrics_port: int = Field(
        0,
        ge=0,
        le=65534,
        description="port of the watcher's metrics, and the next for the verdict writer's; 0: no metrics",
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
