"""Which assets a viewer reaches: those of the sites of a grant, and those in the viewer's custody."""

from isomod_graphql.assets.models import Asset
from isomod_graphql.engine.reach import RowScope
from permissions.reach import Resource

ASSET_SCOPE = RowScope(
    Resource.ASSET, Asset, site=Asset.site_id, own=lambda person: Asset.custodian_id == person
)
