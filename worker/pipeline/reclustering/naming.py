"""Names for the clusters of a run, by the classes that the feature worker published with its extractor."""

import numpy as np

from shared.errors import CorruptValue
from worker.engine.clusters.clustering import Clustering
from worker.engine.clusters.naming import Names, name_clusters
from worker.engine.clusters.rows import Rows
from worker.network.classes import NoClasses, decode_classes


def name(rows: Rows, clustering: Clustering, published: bytes, seed: int) -> Names:
    """What the clusters of these rows are called, or why they are called nothing; never raises for what is stored.

    published: see `worker.network.classes.encode_classes`. Cost: see `name_clusters`.
    """
    try:
        classes = decode_classes(published)
        width = rows.read(np.arange(min(len(rows), 1))).shape[1]
        if width and width != len(classes.kernel):
            return Names(why_not=f"the network's last layer takes {len(classes.kernel):,} features, not {width:,}")
        return name_clusters(rows, clustering.labels, clustering.subclusters, classes, seed)
    except NoClasses as error:
        return Names(why_not=str(error))
    except CorruptValue:
        return Names(why_not="features were dropped while the names were looked for; the next run finds them")
