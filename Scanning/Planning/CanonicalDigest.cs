using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Triggering;

namespace Flyscan.Scanning.Planning;

/// <summary>SHA-256 over values written in a fixed form, so that two processes agree.</summary>
/// <remarks>Numbers are little endian, texts UTF-8 after their length; null has a mark of its own.</remarks>
internal sealed class CanonicalDigest : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public void Dispose() => _hash.Dispose();

    public string Hex() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public CanonicalDigest Add(long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        _hash.AppendData(bytes);
        return this;
    }

    // Zero has two signs and one meaning.
    public CanonicalDigest Add(double value) => Add(BitConverter.DoubleToInt64Bits(value == 0 ? 0 : value));

    public CanonicalDigest Add(bool value) => Add(value ? 1L : 0L);

    public CanonicalDigest Add(long? value) => value is { } some ? Add(1L).Add(some) : Add(0L);

    public CanonicalDigest Add(string? text) => text is null ? Add(-1L) : Add(Encoding.UTF8.GetBytes(text));

    public CanonicalDigest Add(byte[] bytes)
    {
        Add((long)bytes.Length);
        _hash.AppendData(bytes);
        return this;
    }

    /// <summary>The digest of a take's programme.</summary>
    public static string Of(Trajectory? trajectory, TriggerProgramme triggers)
    {
        using var digest = new CanonicalDigest();
        digest.Add("take/2").Add(trajectory is not null);
        if (trajectory is not null)
            AddTrajectory(digest, trajectory);
        digest.Add((long)triggers.Windows.Count);
        foreach (var window in triggers.Windows)
        {
            // Takes without a dwell keep the hash that older versions gave them.
            if (window.DwellNs > 0)
                digest.Add("dwell").Add(window.DwellNs);
            digest.Add(window.FirstFrame).Add(window.DelayNs).Add(window.WaitForLive).Add(window.Compare is not null);
            if (window.Compare is { } compare)
                digest.Add(compare.Axis).Add(compare.Position).Add(compare.Ascending);
            digest.Add((long)window.Trains.Count);
            foreach (var train in window.Trains)
            {
                digest.Add((long)train.Count).Add(train.ExposureNs).Add(train.PeriodNs);
                if (train.At is { } at)
                    digest.Add("at").Add(at);
            }
        }
        if (triggers.FramesBy is { } leader)
            digest.Add("frames by").Add(leader);
        foreach (var output in triggers.Outputs)
            digest.Add(output.Detector).Add(output.Rate.ToString()).Add(output.ExposureNs).Add(output.PeriodNs);
        return digest.Hex();
    }

    private static void AddTrajectory(CanonicalDigest digest, Trajectory trajectory)
    {
        digest.Add(trajectory.Controller).Add((long)trajectory.Axes.Count);
        foreach (var axis in trajectory.Axes)
            digest.Add(axis);
        foreach (var position in trajectory.Start)
            digest.Add(position);
        digest.Add((long)trajectory.Points);
        for (var i = 0; i < trajectory.Points; i++)
            digest.Add(trajectory.DurationsNs[i]).Add(trajectory.Live[i]);
        for (var i = 0; i < trajectory.Positions.Length; i++)
            digest.Add(trajectory.Positions[i]).Add(trajectory.Velocities[i]);
    }
}
