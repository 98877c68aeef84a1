#pragma once

#include "unmask/data/layouts/layout.h"

namespace unmask {

LayoutReader FfppLayout();
LayoutReader CelebDfLayout();
LayoutReader DfdcLayout();
LayoutReader DfdcPreviewLayout();
LayoutReader DeeperForensicsLayout();
LayoutReader FfiwLayout();
LayoutReader WildDeepfakeLayout();
LayoutReader FolderLayout();

}  // namespace unmask
