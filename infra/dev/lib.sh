# shellcheck shell=bash source-path=SCRIPTDIR
# All parts of the dev stack. They only define; nothing happens until a command calls them.

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
readonly ROOT

# Unset in some containers; cargo, among others, needs it.
export HOME=${HOME:-$(getent passwd "$EUID" | cut -d: -f6)}

source "${BASH_SOURCE[0]%/*}/lib/settings.sh"
source "${BASH_SOURCE[0]%/*}/lib/log.sh"
source "${BASH_SOURCE[0]%/*}/lib/place.sh"
source "${BASH_SOURCE[0]%/*}/lib/ports.sh"
source "${BASH_SOURCE[0]%/*}/lib/process.sh"
source "${BASH_SOURCE[0]%/*}/lib/postgres.sh"
source "${BASH_SOURCE[0]%/*}/lib/rabbitmq.sh"
source "${BASH_SOURCE[0]%/*}/lib/memcached.sh"
source "${BASH_SOURCE[0]%/*}/lib/services.sh"
source "${BASH_SOURCE[0]%/*}/lib/throwaway.sh"
source "${BASH_SOURCE[0]%/*}/lib/secrets.sh"
source "${BASH_SOURCE[0]%/*}/lib/apps.sh"
source "${BASH_SOURCE[0]%/*}/lib/web.sh"
source "${BASH_SOURCE[0]%/*}/lib/front_door.sh"
source "${BASH_SOURCE[0]%/*}/lib/backup.sh"
source "${BASH_SOURCE[0]%/*}/lib/install.sh"
source "${BASH_SOURCE[0]%/*}/lib/versitygw.sh"
