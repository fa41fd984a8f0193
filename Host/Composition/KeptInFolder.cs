using System.Text.Json;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Host.Composition;

/// <summary>What is to be put back, one small file per device in the data folder: <c>put-back/DEVICE.json</c>.</summary>
internal sealed class KeptInFolder(string dataFolder) : IKeptSettings
{
    private readonly Lock _gate = new();

    public EquatableArray<SavedSetting> Of(string device)
    {
        lock (_gate)
        {
            var file = FileOf(device);
            if (!File.Exists(file))
                return [];
            try
            {
                var kept = JsonSerializer.Deserialize<SortedDictionary<string, string>>(File.ReadAllBytes(file));
                return kept!.Select(k => new SavedSetting(k.Key, k.Value)).ToEquatableArray();
            }
            catch (JsonException damaged)
            {
                throw new IOException(
                    $"{file} cannot be read ({damaged.Message}): it says what to put back on {device}. Look at the device, then delete "
                    + "it.");
            }
        }
    }

    public void Keep(string device, EquatableArray<SavedSetting> settings)
    {
        lock (_gate)
        {
            var file = FileOf(device);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            var bytes = JsonSerializer.SerializeToUtf8Bytes(
                new SortedDictionary<string, string>(settings.ToDictionary(s => s.Name, s => s.Value), StringComparer.Ordinal));
            using (var stream = new FileStream(file + ".new", FileMode.Create, FileAccess.Write))
            {
                stream.Write(bytes);
                stream.Flush(flushToDisk: true);
            }
            File.Move(file + ".new", file, overwrite: true);
        }
    }

    public void Forget(string device)
    {
        lock (_gate)
            File.Delete(FileOf(device));
    }

    private string FileOf(string device) => Path.Combine(dataFolder, "put-back", $"{device}.json");
}
