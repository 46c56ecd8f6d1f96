"""When two pictures count as the same, and when as variants of each other."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The defaults are safe; `imagesieve calibrate` may set the similarity, and IMAGESIEVE_NEAR `whole`.

    What each is compared with is a value of Agreement, of the same name where there is one.

    inliers: keypoints that must agree on a transform, beside those that do by chance.

    Near. similarity: correlation of what both show, less what clashes; a little less is enough where they agree at half
    size by `coarse` and at every coarser one in a share of `coarse_agreeing`. uneven: share that may be darker than the
    rest explains. pieces: pixels of the largest piece that may clash, at full size, a half, a quarter, an eighth;
    clean_pieces, noisy_pieces: of pictures that are not even, where a share of `clean` beside what clashes is the same,
    or less. peak: by how many times the most different spot may exceed what is usual in the pair; busy_peak: of photos,
    whose highlights are single pixels. agreeing: least share of what the two show that is the same. hollow: share that
    may lie within an outline and show nothing, unless the grain agrees by `grain`. sure: similarity from which words
    over an even ground are more than words. lost: share of what one picture shows that may be missing in the other;
    frame: of a picture with an edge around the other, which then is no frame. area: share of the larger picture that
    the smaller must fill. recoloured, relit: colours and levels that a part may change by itself; plain_recoloured,
    plain_relit: of products, which are even, and of one brightness (see ground.py) in a share of `plain` or no shot's;
    plain_tint: levels of colour by which all of those may. whole: whether only whole, unturned copies are near.

    Variant. even: share of an even ground from which both are pages; laid: of pages on tables of their own. Pages have
    a share of `paper` of one brightness, or are not the same shot: that has grain in a share of `grained`, which agrees
    by `shot`. shaped: share of what is seen that has its shape yet where a part was made darker. covered: share that
    may be covered, if a share of `bared` of that is of one brightness; changed: that may, if it is not. added: pixels
    of the least thing that was added. shown: pixels that must be the same. beside: least share of what both show beside
    what clashes that is the same; scene: of shots with another grain. held: share of a page that the picture in it must
    fill.
    """

    inliers: int = 8
    similarity: float = 0.62
    coarse: float = 0.8
    coarse_agreeing: float = 0.93
    uneven: float = 0.1
    pieces: tuple[int, int, int, int] = (80, 40, 60, 60)
    clean_pieces: tuple[int, int, int, int] = (600, 60, 60, 60)
    noisy_pieces: tuple[int, int, int, int] = (1200, 200, 60, 60)
    clean: float = 0.96
    peak: float = 6.5
    busy_peak: float = 20.0
    agreeing: float = 0.85
    hollow: float = 0.12
    grain: float = 0.1
    sure: float = 0.9
    lost: float = 0.025
    frame: float = 0.004
    area: float = 0.2
    recoloured: float = 0.35
    relit: float = 130.0
    plain: float = 0.2
    plain_recoloured: float = 0.1
    plain_relit: float = 64.0
    plain_tint: float = 40.0
    whole: bool = False
    even: float = 0.6
    laid: float = 0.4
    paper: float = 0.5
    grained: float = 0.7
    shot: float = 0.6
    shaped: float = 0.9
    covered: float = 0.65
    bared: float = 0.3
    changed: float = 0.3
    added: int = 100
    shown: int = 3000
    beside: float = 0.9
    scene: float = 0.96
    held: float = 0.05
