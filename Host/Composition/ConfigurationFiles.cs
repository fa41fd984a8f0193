using Flyscan.Hardware.Contracts;
using Flyscan.Hocon;

namespace Flyscan.Host.Composition;

/// <summary>Configuration files on disk: the only reader of them, and of the environment for <c>${X}</c>.</summary>
public static class ConfigurationFiles
{
    private const long LargestFile = 4_000_000;

    /// <summary>Includes come from disk, relative to the file that says so; substitutions fall back to the environment.</summary>
    public static readonly HoconOptions Options = new()
    {
        Environment = Environment.GetEnvironmentVariable,
        Include = Include,
    };

    /// <summary>A file and all it includes, resolved.</summary>
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> with file, line and column.</remarks>
    public static HoconObject Load(string file)
    {
        try
        {
            return HoconConfiguration.Parse([Read(file)], Options);
        }
        catch (HoconException e)
        {
            throw new SettingsException(e.Message);
        }
    }

    /// <summary>A file's text.</summary>
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> naming the file and why it cannot be read.</remarks>
    public static HoconSource Read(string file)
    {
        try
        {
            var length = new FileInfo(file).Length;
            if (length > LargestFile)
                throw new SettingsException($"{file}: has {length} bytes; a configuration file has at most {LargestFile}.");
            return new HoconSource(file, File.ReadAllText(file));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SettingsException($"{file}: no such file (looked in {Path.GetDirectoryName(Path.GetFullPath(file))}).");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"{file}: cannot be read: {e.Message}");
        }
    }

    private static HoconSource? Include(string name, string from)
    {
        var file = Path.Combine(Path.GetDirectoryName(from) ?? "", name);
        return File.Exists(file) ? Read(file) : null;
    }
}
