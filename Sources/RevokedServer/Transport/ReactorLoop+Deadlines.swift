#if os(Linux)
    extension ReactorLoop {
        /// Ends a connection that has gone too far, and says so.
        mutating func drop(_ connection: Connection, _ drop: OutputPolicy.Drop) {
            context.daemon.note(drop, of: connection.session.client.address, context.counters)
            end(connection)
        }

        /// All clients together leave too much unread: the one that has not read for the longest time goes. Where none
        /// of this reactor's is to blame, it is not looked for again at once.
        mutating func dropSlowest() {
            var slowest: Connection?
            for connection in connections {
                guard let connection, connection.unread > 0 else { continue }
                if connection.policy.progressAt < slowest?.policy.progressAt ?? .max { slowest = connection }
            }
            guard let slowest else {
                nextDrop = context.uptime + OutputPolicy.checkInterval
                return
            }
            drop(slowest, .memory)
        }

        /// Drops clients that do not read or do not authenticate; accepts again. Called once a second at most.
        mutating func checkTime() {
            let now = context.uptime
            nextCheck = now + OutputPolicy.checkInterval
            if let at = acceptsAgainAt, now >= at { acceptAgain() }
            hasDeadlines = false
            for connection in connections {
                guard let connection else { continue }
                let load = load(of: connection)
                if let drop = connection.policy.overdue(load, at: now) {
                    self.drop(connection, drop)
                } else if connection.policy.hasDeadline(load) {
                    hasDeadlines = true
                }
            }
        }
    }
#endif
