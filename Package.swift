// swift-tools-version: 6.3

import PackageDescription

/// Every target of ours: Swift 6 mode, imports that say what they expose, and no warning left standing.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "revoked",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "revoked", targets: ["revoked"]),
        .executable(name: "revoked-lab", targets: ["revoked-lab"]),
        .library(name: "Revocation", targets: ["Revocation"]),
        .library(name: "RevocationHTTP", targets: ["RevocationHTTP"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),
    ],
    targets: [
        // Arrows point down only: a target knows nothing of those above it.
        .executableTarget(
            name: "revoked",
            dependencies: [
                "Demo", "AuthNode", "AdminHTTP", "Contract", "Following", "ProcessOutput", "Processes",
                "PrometheusMetrics", "Revocation", "RevocationHTTP", "RevokedServer", "Settings",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "revoked-lab",
            dependencies: [
                "Lab", "ProcessOutput", "Processes",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Lab",
            dependencies: [
                "AuthNode", "CEchoBaseline", "CHiredisBaseline", "CProcessor", "Contract", "Denylist", "Persistence",
                "ProcessOutput", "Processes", "PrometheusMetrics", "Replication", "Revocation", "RevocationHTTP",
                "RevokedServer", "Settings",
                .target(name: "CLinux", condition: .when(platforms: [.linux])),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            exclude: ["Baselines/CEchoBaseline", "Baselines/CHiredisBaseline"],
            swiftSettings: settings
        ),
        .target(
            name: "Demo",
            dependencies: [
                "AuthNode", "ProcessOutput", "Processes",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "AuthNode",
            dependencies: [
                "RevocationHTTP", "Revocation", "Contract", "AdminHTTP", "Files", "JSON", "ProcessOutput",
                "PrometheusMetrics", "Settings", "TLS",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Following",
            dependencies: [
                "AdminHTTP", "Denylist", "ProcessOutput", "PrometheusMetrics", "RESP", "Revocation", "RevokedServer",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings + [.enableExperimentalFeature("Lifetimes")]
        ),
        .target(
            name: "RevocationHTTP",
            dependencies: [
                "Revocation", "Contract", "Files", "JSON",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Revocation",
            dependencies: [
                "Contract", "Denylist", "Replication", "CHiredis",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            // Nothing here is worth leaving the caller's executor for: each hop costs as much as reading a reply.
            swiftSettings: settings + [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]
        ),
        .target(
            name: "RevokedServer",
            dependencies: [
                "AdminHTTP", "Contract", "Denylist", "Files", "Persistence", "ProcessOutput", "PrometheusMetrics",
                "RESP", "Replication", "Settings", "TLS", "Threads",
                .target(name: "CLinux", condition: .when(platforms: [.linux])),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings + [.enableExperimentalFeature("Lifetimes")]
        ),
        .target(
            name: "Replication", dependencies: ["Contract", "Denylist", "Persistence", "RESP"],
            swiftSettings: settings),
        .target(
            name: "Contract",
            dependencies: [.product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: settings
        ),
        .target(
            name: "Persistence",
            dependencies: [
                "Contract", "Denylist", "PrometheusMetrics", "RESP", "Threads",
                .target(name: "CLinux", condition: .when(platforms: [.linux])),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "AdminHTTP",
            dependencies: [
                "TLS",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationCompat", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "TLS",
            dependencies: [
                "Files",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: settings
        ),
        .target(name: "Files", swiftSettings: settings),
        .target(name: "Settings", dependencies: ["Files", "JSON"], swiftSettings: settings),
        .target(name: "JSON", swiftSettings: settings),
        .target(name: "Processes", swiftSettings: settings),
        .target(
            name: "Threads", dependencies: [.target(name: "CLinux", condition: .when(platforms: [.linux]))],
            swiftSettings: settings),
        .target(
            name: "ProcessOutput", dependencies: [.product(name: "Logging", package: "swift-log")],
            swiftSettings: settings),
        .target(
            name: "PrometheusMetrics",
            dependencies: [.product(name: "CoreMetrics", package: "swift-metrics")],
            swiftSettings: settings
        ),
        .target(name: "Denylist", dependencies: ["CProcessor"], swiftSettings: settings),
        .target(name: "RESP", swiftSettings: settings + [.enableExperimentalFeature("Lifetimes")]),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"]), .brew(["hiredis"])]),
        .target(name: "CLinux"),
        .target(name: "CProcessor"),
        .target(name: "CEchoBaseline", path: "Sources/Lab/Baselines/CEchoBaseline"),
        .target(
            name: "CHiredisBaseline", path: "Sources/Lab/Baselines/CHiredisBaseline",
            linkerSettings: [.linkedLibrary("hiredis")]),

        .target(
            name: "TestSupport", dependencies: [.product(name: "Logging", package: "swift-log")],
            path: "Tests/TestSupport", swiftSettings: settings),
        .testTarget(name: "DemoTests", dependencies: ["Demo"], swiftSettings: settings),
        .testTarget(name: "ProcessesTests", dependencies: ["Processes"], swiftSettings: settings),
        .testTarget(
            name: "ProcessOutputTests",
            dependencies: ["ProcessOutput", .product(name: "Logging", package: "swift-log")], swiftSettings: settings),
        .testTarget(
            name: "PrometheusMetricsTests",
            dependencies: ["PrometheusMetrics", .product(name: "Metrics", package: "swift-metrics")],
            swiftSettings: settings),
        .testTarget(
            name: "AdminHTTPTests",
            dependencies: [
                "AdminHTTP", "TLS", "TestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"), .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "FollowingTests",
            dependencies: [
                "Following", "RESP", "TestSupport", .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: settings),
        .testTarget(name: "RESPTests", dependencies: ["RESP"], swiftSettings: settings),
        .testTarget(name: "DenylistTests", dependencies: ["Denylist", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "PersistenceTests",
            dependencies: ["Persistence", "Denylist", "RESP", "RevokedServer", "TestSupport", "Threads"],
            swiftSettings: settings),
        .testTarget(
            name: "ReplicationTests",
            dependencies: ["Replication", "Contract", "Denylist", "Persistence", "RESP", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "SettingsTests",
            dependencies: [
                "AuthNode", "RevokedServer", "Settings", "TestSupport", "revoked",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .testTarget(name: "TidyTests", swiftSettings: settings),
        .testTarget(
            name: "TLSTests",
            dependencies: [
                "TLS", "TestSupport", .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ContractTests", dependencies: ["Contract", "TestSupport"], exclude: ["Vectors"],
            swiftSettings: settings),
        .testTarget(
            name: "RevokedServerTests",
            dependencies: [
                "AdminHTTP", "Denylist", "RevokedServer", "Persistence", "PrometheusMetrics", "RESP", "Settings",
                "TLS", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "RevocationTests",
            dependencies: [
                "Revocation", "Contract", "Denylist", "Persistence", "Replication", "RevokedServer", "TestSupport",
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "RevocationHTTPTests",
            dependencies: [
                "RevocationHTTP", "TestSupport", .product(name: "HummingbirdTesting", package: "hummingbird"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "AuthNodeTests",
            dependencies: [
                "AdminHTTP", "AuthNode", "RevokedServer", "Settings", "TestSupport",
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "LabTests",
            dependencies: [
                "Lab", "AuthNode", "CEchoBaseline", "TestSupport",
                .product(name: "Histogram", package: "hdrhistogram-swift"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "revoked", "revoked-lab", "AdminHTTP", "Revocation", "RevokedServer", "Lab", "CHiredis", "TLS",
                "TestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            exclude: ["Clients/real_client.py"],
            swiftSettings: settings),
    ]
)
