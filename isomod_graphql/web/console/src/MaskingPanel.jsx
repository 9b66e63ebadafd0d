// The list under an answer: which fields came back masked or withheld, how, and for what reason.
import { useSyncExternalStore } from 'react';
import { maskingStore, objectsOf, rowsLabel } from './masking.js';
import { viewAsStore } from './viewAs.js';
import { whyStore } from './why.js';

export default function MaskingPanel({ viewer }) {
  const { look } = useSyncExternalStore(viewAsStore.subscribe, viewAsStore.get);
  const masking = useSyncExternalStore(maskingStore.subscribe, maskingStore.get);
  const { fields, truncated } = masking;
  const able = viewer.asks.includes('explainAccess');
  if (!fields.length && !truncated) return null;
  const title = `${fields.length}${truncated ? ' or more' : ''} masked field${fields.length === 1 ? '' : 's'}`;
  return (
    <details className="masking" open>
      <summary>{title}</summary>
      <div className="masking-scroll" tabIndex={0} role="region" aria-label="Masked fields">
        <table>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Shown as</th>
              <th scope="col">Reason</th>
              <th scope="col">Rows</th>
              <th scope="col">Path</th>
              {able && <th scope="col"><span className="visually-hidden">Why</span></th>}
            </tr>
          </thead>
          <tbody>
            {fields.map((field) => (
              <tr key={`${field.coordinate} ${pathLabel(field.path)} ${field.mask} ${field.reason}`}>
                <th scope="row">{field.coordinate}</th>
                <td>{readable(field.mask ?? 'null')}</td>
                <td>{readable(field.reason)}</td>
                <td>{rowsLabel(field.rows)}</td>
                <td className="masking-path">{pathLabel(field.path)}</td>
                {able && (
                  <td>
                    <button type="button" className="masking-why" aria-label={`Why is ${field.coordinate} masked?`}
                      onClick={() => whyStore.open({
                        viewerId: look?.id ?? viewer.id,
                        coordinate: field.coordinate,
                        objects: objectsOf(field, masking.data),
                      })}>
                      Why?
                    </button>
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
        {truncated && <p>The list was cut off at its limit; ask for fewer fields to see all of it.</p>}
      </div>
    </details>
  );
}

function pathLabel(path) {
  return Array.isArray(path) ? path.join('.') : (path ?? '');
}

function readable(word) {
  return String(word ?? '').toLowerCase().replaceAll('_', ' ');
}
