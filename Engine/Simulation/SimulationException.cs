namespace Flyscan.Engine.Simulation;

/// <summary>A simulated run cannot go on, or did something that must not be; the text names seed and virtual time.</summary>
public sealed class SimulationException(string message, Exception? inner = null) : Exception(message, inner);
