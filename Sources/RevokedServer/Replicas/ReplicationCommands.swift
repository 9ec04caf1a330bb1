import Persistence
import RESP
import Synchronization

/// What replicas ask, and what clients, proxies and Sentinel ask of a server that may have some.
enum ReplicationCommands {
    static func role(_ context: inout ServingContext) {
        let replicas = context.daemon.replicas.all.filter { $0.progress.withLock { $0.isOnline } }
        context.reply.array(3)
        context.reply.bulk("master")
        context.reply.integer(Int64(clamping: context.journal.disk?.streamEnd ?? 0))
        context.reply.array(replicas.count)
        for replica in replicas {
            context.reply.array(3)
            context.reply.bulk(replica.host)
            context.reply.bulk("\(replica.port)")
            context.reply.bulk("\(replica.progress.withLock { $0.acknowledged })")
        }
    }

    /// `WAIT`: everything that was written before is on disk by then, and so many replicas have it, or fewer when the
    /// time is over.
    static func wait(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        guard let count = arguments[1].parseInteger() else { return context.failNotAnInteger() }
        guard let timeout = arguments[2].parseInteger() else {
            return context.fail("ERR timeout is not an integer or out of range")
        }
        guard timeout >= 0 else { return context.fail("ERR timeout is negative") }
        let (replicas, position) = (context.daemon.replicas, context.journal.end)
        let known = replicas.count(with: position)
        guard known < count, !context.isAlone, !replicas.all.isEmpty else { return context.reply.integer(Int64(known)) }
        let (deadline, isNever) = context.uptime.addingReportingOverflow(timeout > 0 ? timeout : .max)
        let reply = replicas.wait(
            session.client, for: Int(clamping: count), with: position, until: isNever ? nil : deadline)
        context.reply.integer(Int64(known))
        if let reply { context.holds.wait(for: reply) }
    }

    /// `REPLICAOF` and `SLAVEOF`: of `NO ONE`, which ends an import.
    static func replicaof(_ arguments: Arguments, _ context: inout ServingContext) {
        let isNoOne = arguments[1].equalsIgnoringCase("no") && arguments[2].equalsIgnoringCase("one")
        guard isNoOne else { return refuse(&context) }
        switch context.daemon.importer?.end() ?? .none {
        case .none: context.reply.ok()
        case .refused(let error): context.fail(error)
        case .later(let reply):
            context.holds.wait(for: reply)
            context.reply.ok()
        }
    }

    static func refuse(_ context: inout ServingContext) {
        context.fail("ERR this server copies no other: it may be copied itself, with PSYNC")
    }

    // MARK: Of replicas

    static func replconf(_ arguments: Arguments, _ session: inout ClientSession, _ context: inout ServingContext) {
        guard arguments.count % 2 == 1 else { return context.failSyntax() }
        for index in stride(from: 1, to: arguments.count, by: 2) {
            let (name, value) = (arguments[index], arguments[index + 1])
            if name.equalsIgnoringCase("ack") {
                guard session.modes.contains(.copies), let offset = value.parseInteger(), offset >= 0 else { return }
                if !context.daemon.replicas.acknowledge(UInt64(offset), by: session.client, context.daemon) {
                    session.isClosing = true
                }
                return
            } else if name.equalsIgnoringCase("follower") {
                guard let name = FollowerName(value) else { return context.fail(LeaseCommands.badName) }
                session.client.details.withLock { $0.follower = name }
            } else if name.equalsIgnoringCase("listening-port") {
                guard let port = value.parseInteger(), (0...65_535).contains(port) else {
                    return context.failNotAnInteger()
                }
                session.replicaPort = Int(port)
            } else if name.equalsIgnoringCase("getack") || name.equalsIgnoringCase("fack") {
                return
            } else if !["ip-address", "capa", "version", "rdb-only", "rdb-filter-only"].contains(where: {
                name.equalsIgnoringCase($0)
            }) {
                return context.fail("ERR Unrecognized REPLCONF option")
            }
        }
        context.reply.ok()
    }

    /// `PSYNC stretch offset`, where the offset is that of the next byte, from 1 on; `PSYNC ? -1` for the whole table.
    static func psync(_ arguments: Arguments, _ session: inout ClientSession, _ context: inout ServingContext) {
        guard arguments.count == 3, let offset = arguments[2].parseInteger() else { return context.failNotAnInteger() }
        guard let log = context.journal.disk, log.state == .running else {
            return context.fail(
                "ERR what replicas copy is the log on disk, and there is none (--dir, --appendonly yes)")
        }
        guard session.modes.isEmpty, session.transaction == nil else {
            return context.fail("ERR Command not allowed here: a replica's connection is for nothing else")
        }
        let stretch = arguments[1].withUnsafeBytes { String(decoding: $0.prefix(64), as: UTF8.self) }
        let start = offset > 0 ? Replica.Position(stretch: stretch, offset: UInt64(offset) - 1) : nil
        let replica = Replica(
            session.client, from: start, port: session.replicaPort,
            follower: session.client.details.withLock(\.follower), at: context.uptime)
        if let refusal = context.daemon.replicas.add(replica, context.daemon, log) { return context.fail(refusal) }
        // What it is sent are records, and nothing between them.
        session.modes.formUnion([.copies, .silent])
        session.client.details.withLock { $0.isReplica = true }
    }
}
