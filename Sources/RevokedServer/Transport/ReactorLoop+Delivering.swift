#if os(Linux)
    import RESP
    import Synchronization

    /// Messages that clients did not ask for just now.
    extension ReactorLoop {
        /// Takes the messages that were posted to this thread's connections, and ends those that have lost some.
        mutating func takeMail() {
            guard !context.deliveries.take(from: context.mailbox) else { return }
            for connection in connections {
                if let connection, connection.session.client.hasLostMessages { drop(connection, .lostMessages) }
            }
        }

        /// Sends some of them. The others follow when those have been served who wait for replies.
        mutating func deliver() {
            for _ in 0..<context.deliveries.portion(at: context.clock.uptime()) {
                guard let (letter, client) = context.deliveries.next(context.mailbox) else { return }
                guard client.place < connections.count, let connection = connections[client.place],
                    connection.session.client === client
                else { continue }
                if connection.session.accepts(letter, context.daemon) {
                    push(letter.message, to: connection)
                } else if connection.session.isClosing {
                    connection.policy.didExecute(.closing)
                    goOn(connection)
                }
            }
        }

        private mutating func push(_ message: PushMessage, to connection: Connection) {
            let before = connection.pending
            let delivery = message.bytes(in: connection.session.version).withUnsafeBytes { bytes in
                context.counters.add(bytes.count, to: .bytesOut)
                return connection.push(bytes)
            }
            context.counters.add(to: .deliveredMessages)
            account(connection, was: before, now: connection.pending)
            connection.session.noteUnsent(connection.pending)
            if delivery == .failed { return end(connection) }
            if connection.pending > 0 { goOn(connection) }
        }

        func load(of connection: Connection) -> OutputPolicy.Load {
            var load = connection.load
            if connection.session.isBoundAsSubscriber { load.limit = context.daemon.subscriberLimit.withLock { $0 } }
            return load
        }
    }
#endif
