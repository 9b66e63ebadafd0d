// Above the editor while it shows what another member sees: as whom, until when, and the way back.
import { viewAsStore } from './viewAs.js';

function clock(until) {
  return new Date(until).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

export default function ViewAsBanner({ look }) {
  return (
    <div className="view-as" role="region" aria-label="View as">
      <p role="status">
        You see what <strong>{look.name}</strong> sees, as far as your own rights go, until {clock(look.until)}. Nothing
        can be changed, and what you look at is on record.
      </p>
      <button type="button" className="console-button" onClick={viewAsStore.leave}>
        Leave
      </button>
    </div>
  );
}
