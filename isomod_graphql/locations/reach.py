"""Which locations a viewer reaches: those of the sites of a grant. Refuses ownership; nobody owns a place."""

from isomod_graphql.engine.reach import RowScope
from isomod_graphql.engine.viewer import ActionForbidden, Viewer
from isomod_graphql.locations.models import Location
from permissions.decisions import DenialReason, reach_of
from permissions.grants import Action
from permissions.reach import Reach, Resource

LOCATION_SCOPE = RowScope(Resource.LOCATION, Location, site=Location.site_id)


def require_every_site(viewer: Viewer, action: Action) -> None:
    """Raises Forbidden unless the viewer's grant for this action is bound to no site: only then may a site come or go."""
    reaches = reach_of(viewer.vector, Resource.LOCATION, action)
    if viewer.bound is not None or not any(reach is Reach.ALL for _, reach in reaches):
        raise ActionForbidden(action, DenialReason.SITES)
