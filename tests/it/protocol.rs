//! GraphQL and gRPC: the built binary against real services.

/// Operations of GraphQL against a small service.
mod graphql;
/// Calls of gRPC against a service made with tonic, and one that misbehaves.
mod grpc;
