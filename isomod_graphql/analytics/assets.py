"""By what assets are told apart when they are counted."""

from typing import Final

from isomod_graphql.assets.models import Asset
from isomod_graphql.engine.statistics import Dimension, Level

_ROW: Final = Asset.__table__.c
STATUS, CRITICALITY, SITE, CUSTODIAN = range(4)
DIMENSIONS: Final = (
    Dimension((Level("status", _ROW.status),)),
    Dimension((Level("criticality", _ROW.criticality),)),
    Dimension((Level("site", _ROW.site_id),)),
    Dimension((Level("custodian", _ROW.custodian_id),), people=True),
)
