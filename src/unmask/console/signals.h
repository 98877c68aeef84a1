#pragma once

#include "unmask/base/cancel.h"

namespace unmask {

// Set by Ctrl-C (SIGINT) and SIGTERM; every command hands it to the library.
CancelToken& GlobalCancelToken();

// From now on SIGINT and SIGTERM set GlobalCancelToken(), and the command ends as soon as it has
// tidied up. A second signal ends the program at once; outputs are written under temporary names,
// so that even then nothing half-written bears its final name.
void CatchSignals();

// What the shell expects of a program that a signal ended: 130 after Ctrl-C, 143 after SIGTERM.
int ExitCodeOfSignal();

}  // namespace unmask
