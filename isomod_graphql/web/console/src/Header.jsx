// The bar above the editor: who is signed in, where, with which roles, and the way out.
import { useState } from 'react';
import ExplainSwitch from './ExplainSwitch.jsx';
import Mark from './Mark.jsx';
import { readable } from './roles.js';
import { whyStore } from './why.js';

export default function Header({ viewer, notice, onSignOut, onViewAs }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);

  async function leave() {
    setBusy(true);
    setProblem(null);
    try {
      await onSignOut();
    } catch (error) {
      setProblem(`You are still signed in. ${error.message}`);
      setBusy(false);
    }
  }

  const roles = [...new Set((viewer.roles ?? []).map((grant) => grant.role))];
  return (
    <header className="console-header">
      <Mark />
      <h1>IsoMod console</h1>
      <p className="console-organisation">{viewer.organisation?.name}</p>
      {problem && (
        <p className="console-problem" role="alert">
          {problem}
        </p>
      )}
      <p className="console-notice" role="status">
        {notice}
      </p>
      <div className="console-viewer">
        <span className="console-name" title={viewer.displayName}>
          <span className="visually-hidden">Signed in as </span>
          {viewer.displayName}
        </span>
        <ul className="console-roles" aria-label="Roles">
          {roles.map((role) => (
            <li key={role}>{readable(role)}</li>
          ))}
        </ul>
        {viewer.asks.includes('explainAccess') && (
          <button type="button" className="console-button" onClick={() => whyStore.open()}>
            Who sees what?
          </button>
        )}
        <ExplainSwitch />
        {onViewAs && (
          <button type="button" className="console-button" onClick={onViewAs}>
            View as…
          </button>
        )}
        <button type="button" className="console-button" onClick={leave} disabled={busy}>
          Sign out
        </button>
      </div>
    </header>
  );
}
