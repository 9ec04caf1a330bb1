import Foundation
import TestSupport
import Testing

@testable import Revocation

/// Three primaries with a third of the slots each, and a replica of the first.
final class RedisCluster: Sendable {
    let primaries: [RedisServer]
    let replica: RedisServer
    private let directory: String

    init() async throws {
        directory = NSTemporaryDirectory() + "revoked-cluster-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        var nodes: [RedisServer] = []
        var buses: [Int] = []
        for index in 0..<4 {
            let bus = try freePort()
            nodes.append(
                try await RedisServer(
                    "--cluster-enabled", "yes", "--cluster-config-file", "\(directory)/\(index).conf", "--cluster-port",
                    "\(bus)", "--cluster-node-timeout", "1000", "--cluster-replica-validity-factor", "0",
                    "--repl-diskless-sync-delay", "0"))
            buses.append(bus)
        }
        primaries = Array(nodes[..<3])
        replica = nodes[3]
        for (index, range) in [(0, 5_460), (5_461, 10_922), (10_923, 16_383)].enumerated() {
            try await Self.demand(nodes[index], "ADDSLOTSRANGE", "\(range.0)", "\(range.1)")
        }
        for index in 1..<4 {
            try await Self.demand(nodes[0], "MEET", "127.0.0.1", "\(nodes[index].port)", "\(buses[index])")
        }
        try #require(await Self.isOK(nodes))
        let identifier = try await Self.identifier(of: nodes[0])
        // It must have heard of its primary.
        let isReplica = await eventually {
            guard let reply = try? await nodes[3].ask("CLUSTER", "REPLICATE", identifier) else { return false }
            return reply == .ok
        }
        try #require(isReplica)
        try #require(
            await eventually(within: .seconds(20)) {
                try await Self.information(nodes[3], "REPLICATION").contains("master_link_status:up")
            })
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// One of the seeds does not exist.
    var url: String {
        "redis+cluster://127.0.0.1:1," + primaries.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
    }

    /// The primary that has a key at first.
    func primary(of key: String) -> RedisServer { primaries[min(2, ClusterSlot.of(key) / 5_461)] }

    static func identifier(of node: RedisServer) async throws -> String {
        guard case .bulk(let bytes) = try await node.ask("CLUSTER", "MYID") else { throw StoreFailure.unexpectedReply }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func demand(_ node: RedisServer, _ words: String...) async throws {
        let reply = try await node.ask("CLUSTER", words)
        try #require(reply == .ok, "\(words[0])")
    }

    private static func isOK(_ nodes: [RedisServer]) async -> Bool {
        await eventually(within: .seconds(20)) {
            for node in nodes {
                guard case .bulk(let bytes)? = try? await node.ask("CLUSTER", "INFO") else { return false }
                let text = String(decoding: bytes, as: UTF8.self)
                guard text.contains("cluster_state:ok"), text.contains("cluster_known_nodes:4") else { return false }
            }
            return true
        }
    }

    private static func information(_ node: RedisServer, _ section: String) async throws -> String {
        guard case .bulk(let bytes) = try await node.ask("INFO", section) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension RedisServer {
    func ask(_ name: StaticString, _ words: String...) async throws -> Reply {
        try await Self.ask(port: port, Command(name, words))
    }

    func ask(_ name: StaticString, _ words: [String]) async throws -> Reply {
        try await Self.ask(port: port, Command(name, words))
    }
}
