// Lists windows, tabs and panes, again whenever they change.
import { connect, panes } from 'itermbus';

function show(layout) {
  for (const window of layout.windows) {
    console.log(`window ${window.window_id}`);
    for (const tab of window.tabs) {
      console.log(`  tab ${tab.tab_id}${tab.tab_id === layout.active_tab_id ? ' (active)' : ''}`);
      for (const { session_id, title, columns, rows, attached, reason } of panes(tab.root)) {
        console.log(`    ${session_id}  ${title}  ${columns}x${rows}${attached ? '' : `  not attached: ${reason}`}`);
      }
    }
  }
}

const client = await connect({ readOnly: true });
if (client.layout) show(client.layout);
client.on('layout', show);
client.on('iterm2', ({ connected, reason }) => console.log(connected ? 'iTerm2 is there' : `no iTerm2: ${reason}`));
