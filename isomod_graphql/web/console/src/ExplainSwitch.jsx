// The switch above the editor: whether the next answers come with their plan.
import { useSyncExternalStore } from 'react';
import { explanationStore } from './explanation.js';

export default function ExplainSwitch() {
  const { wanted } = useSyncExternalStore(explanationStore.subscribe, explanationStore.get);
  return (
    <label className="console-switch">
      <input type="checkbox" role="switch" checked={wanted}
        onChange={(event) => explanationStore.want(event.target.checked)} />
      Explain
    </label>
  );
}
